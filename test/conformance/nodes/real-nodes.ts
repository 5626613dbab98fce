import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, inject, test } from "vitest"
import { parseYaml } from "../../../src/apimachinery/codec/yaml.ts"
import { safeSuffix } from "../../../src/base/random.ts"
import { realRandom } from "../../../src/base/real/random.ts"
import { cli, run, whyNoContainers } from "../../e2e/cluster.ts"
import { buildBusyboxImage, buildNodeImage } from "../../e2e/images.ts"
import { realClients } from "../../e2e/real-clients.ts"
import { Api, eventually, type Json } from "../harness.ts"

/*
 * Behaviours that need containers and packets: they run on the cluster of CORACLE_CONFORMANCE_KUBECONFIG, whose nodes must
 * have the two images below, or on one with three real nodes that all test files share.
 */

/** A shell and the usual commands. */
export const toolbox = "conformance/toolbox:1"
/** Node.js as its entry point, for servers that a shell can't play. */
export const scripting = "conformance/node:1"

export interface NodesWorld {
  readonly api: Api
  /** A namespace of the test's own, deleted when it is done. */
  readonly namespace: string
  /** Standard output of the real kubectl in that namespace; throws what it says when it fails. */
  readonly kubectl: (...args: string[]) => Promise<string>
  readonly kubeconfig: string
}

const missing = process.env["CORACLE_CONFORMANCE_KUBECONFIG"] ? undefined : whyNoContainers()
let kubeconfig = ""
let api: Api | undefined

/** Call at the top of a test file. */
export function useRealNodes(): void {
  beforeAll(async () => {
    if (missing) return
    kubeconfig = process.env["CORACLE_CONFORMANCE_KUBECONFIG"] ?? (await ensureCluster())
    api = new Api(readFileSync(kubeconfig, "utf8"))
  })
}

/**
 * One behaviour of the official suite on real nodes. They run side by side: none may take anything for granted but its own
 * namespace.
 */
export function onRealNodes(codename: string, check: (world: NodesWorld) => Promise<void>): void {
  const declare = missing ? test.skip : test.concurrent
  declare(codename, () => inNamespace(check))
}

async function inNamespace(check: (world: NodesWorld) => Promise<void>): Promise<void> {
  const namespace = `conformance-${safeSuffix(realRandom, 8)}`
  await api!.create("/api/v1/namespaces", { metadata: { name: namespace } })
  const kubectl = async (...args: string[]) => {
    const output = await run(realClients.kubectl136(), ["--namespace", namespace, ...args], {
      env: { KUBECONFIG: kubeconfig },
    })
    if (output.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${output.stderr || output.stdout}`)
    return output.stdout
  }
  try {
    // Pods are refused until the namespace has its account.
    await waitForAccount(namespace)
    await check({ api: api!, namespace, kubectl, kubeconfig })
  } finally {
    await api!.delete(`/api/v1/namespaces/${namespace}`)
  }
}

async function waitForAccount(namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`
  for (let tries = 0; tries < 200; tries++) {
    if ((await api!.send("GET", path)).status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** For clients of another kind: where the server is, and what `node:tls` needs to be its administrator. */
export function connectionOf(world: NodesWorld): {
  server: string
  tls: { ca: Buffer; cert: Buffer; key: Buffer }
} {
  const { clusters, users } = parseYaml(readFileSync(world.kubeconfig, "utf8")) as Json
  const { server, "certificate-authority-data": ca } = clusters[0].cluster
  const { "client-certificate-data": cert, "client-key-data": key } = users[0].user
  const pem = (text: string) => Buffer.from(text, "base64")
  return { server, tls: { ca: pem(ca), cert: pem(cert), key: pem(key) } }
}

/** Files run side by side: the first to come starts the cluster, the others wait for it. */
async function ensureCluster(): Promise<string> {
  const directory = inject("conformanceDirectory")
  const started = join(directory, "started")
  if (becomesFirst(directory)) {
    const why = await startCluster(directory).then(
      () => "",
      (error: Error) => error.message,
    )
    writeFileSync(`${started}.new`, why)
    renameSync(`${started}.new`, started)
  }
  await eventually(async () => existsSync(started), "the cluster is started", 120_000)
  const why = readFileSync(started, "utf8")
  if (why) throw new Error(why)
  return join(directory, "data/kubeconfig")
}

function becomesFirst(directory: string): boolean {
  try {
    mkdirSync(join(directory, "starting"))
    return true
  } catch {
    return false
  }
}

async function startCluster(directory: string): Promise<void> {
  const data = join(directory, "data")
  const up = ["up", "--detach", "--nodes", "3", "--listen", "127.0.0.1:0"]
  await must([...up, "--data-dir", data, "--kubeconfig", join(directory, "kubeconfig")])
  const output = join(directory, "image.tar")
  for (const build of [
    () => buildBusyboxImage(toolbox, { output }),
    () => buildNodeImage(scripting, { output }),
  ])
    await must(["image", "load", build(), "--data-dir", data])
}

async function must(args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(process.execPath, [cli, ...args])
  if (code !== 0) throw new Error(`coracle ${args.join(" ")}: ${stdout}${stderr}`)
}
