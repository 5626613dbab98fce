import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildBusyboxImage } from "../../../test/e2e/images.ts"
import { type Registry, startRegistry } from "../../../test/fixtures/registry.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { forever, reasonToSkip, type RealNode, startRealNode } from "../testing/real-node.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of private images need ${why}`)

const user = { username: "puller", password: "let me in" }
const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false

describe.skipIf(why)("images behind a password", { timeout: 30_000 }, () => {
  let directory: string
  let registry: Registry
  let node: RealNode
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "coracle-private-"))
    const archive = buildBusyboxImage("localhost/private:1", { output: join(directory, "image.tar") })
    registry = await startRegistry(archive, join(directory, "registry"), user)
    node = await startRealNode({ credentialProviders: writeProvider() })
  }, 60_000)
  afterAll(async () => {
    if (node) expect(await node.stop()).toEqual([])
    await registry?.stop()
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)

  /** A program that knows the password of the images below `team`. */
  function writeProvider() {
    const programs = join(directory, "bin")
    mkdirSync(programs)
    const apiVersion = "credentialprovider.kubelet.k8s.io/v1"
    const place = `${registry.host}/team`
    const auth = { [place]: user }
    const answer = { apiVersion, kind: "CredentialProviderResponse", cacheKeyType: "Registry", auth }
    writeFileSync(join(programs, "cloud"), `#!/bin/sh\ncat >/dev/null; echo '${JSON.stringify(answer)}'\n`)
    chmodSync(join(programs, "cloud"), 0o755)
    const configuration = join(directory, "providers.json")
    const provider = { name: "cloud", apiVersion, matchImages: [place], defaultCacheDuration: "1m" }
    writeFileSync(
      configuration,
      JSON.stringify({
        apiVersion: "kubelet.config.k8s.io/v1",
        kind: "CredentialProviderConfig",
        providers: [provider],
      }),
    )
    return { configuration, programs }
  }

  const create = (name: string, image: string, more: object = {}) =>
    node.create(name, {
      containers: [{ name: "main", image: `${registry.host}/${image}`, command: ["sh", "-c", forever] }],
      ...more,
    })

  it("are refused to pods that do not know it", async () => {
    await create("stranger", "private/app:1")
    const waiting = (pod: Pod | undefined) => pod?.status.containerStatuses?.[0]?.state?.waiting
    const pod = await node.until("stranger", (each) => waiting(each)?.reason === "ErrImagePull")
    expect(waiting(pod)?.message).toMatch(/401 Unauthorized|authorization failed/)
  })

  it("are had by a pull secret", async () => {
    const auths = { [registry.host]: user }
    await node.server.client.create(Secret, {
      metadata: { name: "password", namespace: "default" },
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
    })
    await create("knowing", "private/app:2", { imagePullSecrets: [{ name: "password" }] })
    await node.until("knowing", isReady)
  })

  it("are had by a credential provider of the node", async () => {
    await create("of-the-team", "team/app:3")
    await node.until("of-the-team", isReady)
  })
})
