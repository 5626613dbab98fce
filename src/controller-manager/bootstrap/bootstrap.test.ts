import { createHmac } from "node:crypto"
import { afterEach, beforeEach, expect, it } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createBootstrapSigner } from "./bootstrap-signer.ts"
import { hmacSha256 } from "./real/hmac-sha256.ts"
import { tokenCleanerController } from "./token-cleaner.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([createBootstrapSigner(hmacSha256), tokenCleanerController])
  for (const name of ["kube-system", "kube-public"])
    await cluster.client.create(Namespace, { metadata: { name } }).catch(ignoreAlreadyExists)
  await cluster.client.create(ConfigMap, { metadata: info, data: { kubeconfig: "the way to the server" } })
})
afterEach(() => cluster.stop())

const info = { namespace: "kube-public", name: "cluster-info" }
const tokenKey = (id: string) => ({ namespace: "kube-system", name: `bootstrap-token-${id}` })

async function createToken(id: string, more: Record<string, string> = {}) {
  await cluster.client.create(Secret, {
    metadata: tokenKey(id),
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      "token-id": id,
      "token-secret": "0123456789abcdef",
      "usage-bootstrap-signing": "true",
      ...more,
    },
  })
  await cluster.advance(100)
}
const data = async () => (await cluster.client.get(ConfigMap, info)).data!

it("signs the cluster's info for every token that may sign", async () => {
  await createToken("abcdef")
  await createToken("nosign", { "usage-bootstrap-signing": "false" })
  const text = (value: string) => Buffer.from(value).toString("base64url")
  const header = text(JSON.stringify({ alg: "HS256", kid: "abcdef" }))
  const signature = createHmac("sha256", "0123456789abcdef")
    .update(`${header}.${text("the way to the server")}`)
    .digest("base64url")
  expect(await data()).toEqual({
    kubeconfig: "the way to the server",
    "jws-kubeconfig-abcdef": `${header}..${signature}`,
  })
  await cluster.client.delete(Secret, tokenKey("abcdef"))
  await cluster.advance(100)
  expect(await data()).toEqual({ kubeconfig: "the way to the server" })
})

it("deletes tokens when their time is over, and signs no more for them", async () => {
  await createToken("abcdef", { expiration: formatTime(cluster.clock.now() + 60_000) })
  expect(await data()).toHaveProperty("jws-kubeconfig-abcdef")
  await cluster.advance(50_000)
  expect(await cluster.client.get(Secret, tokenKey("abcdef"))).toBeDefined()
  await cluster.advance(11_000)
  expect(await cluster.client.get(Secret, tokenKey("abcdef")).catch(ignoreNotFound)).toBeUndefined()
  expect(await data()).not.toHaveProperty("jws-kubeconfig-abcdef")
})
