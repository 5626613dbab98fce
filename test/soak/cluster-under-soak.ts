import { createHash } from "node:crypto"
import { mkdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { realClock } from "../../src/base/real/clock.ts"
import type { Client } from "../../src/client/client.ts"
import { createClient } from "../../src/client/create-client.ts"
import { readKubeconfig, resolveContext } from "../../src/client/real/kubeconfig.ts"
import { createHttpsTransport, type HttpsTransport } from "../../src/client/real/https-transport.ts"
import { cli, type Kubectl, type Output, TestCluster } from "../e2e/cluster.ts"
import { buildBusyboxImage } from "../e2e/images.ts"
import { realClients } from "../e2e/real-clients.ts"
import { processIds, readText } from "./machine.ts"

export const image = "soak/busybox:1"
/** Kept for an hour, as usual, events and history would be ever more until the soak is over, and look like a leak. */
const kept = ["--event-ttl", "2m", "--history", "2m"]
const probe = pathToFileURL(join(dirname(dirname(cli)), "test/soak/heap-probe.mjs")).href

/** A cluster of several nodes on this machine, and what a soak needs to know about its processes. */
export class ClusterUnderSoak {
  readonly nodes: readonly string[]
  readonly kubectl: Kubectl
  readonly #cluster: TestCluster
  readonly #probes: string
  #transport: HttpsTransport | undefined

  private constructor(cluster: TestCluster, nodes: readonly string[], probes: string) {
    this.#cluster = cluster
    this.nodes = nodes
    this.#probes = probes
    this.kubectl = cluster.kubectl(realClients.kubectl136())
  }

  static async start(nodeCount: number): Promise<ClusterUnderSoak> {
    const cluster = new TestCluster(["--nodes", String(nodeCount), ...kept])
    const probes = join(cluster.directory, "probes")
    mkdirSync(probes)
    process.env["CORACLE_SOAK_PROBES"] = probes
    const names = Array.from({ length: nodeCount }, (_, index) => `node-${index + 1}`)
    const soaked = new ClusterUnderSoak(cluster, names, probes)
    await soaked.up()
    await cluster.loadImage(buildBusyboxImage, image)
    return soaked
  }

  get directory(): string {
    return this.#cluster.directory
  }

  get data(): string {
    return join(this.directory, "data")
  }

  /** The way in as it is now: after a restart it is another one. */
  client!: Client

  async up(): Promise<void> {
    const options = process.env["NODE_OPTIONS"]
    process.env["NODE_OPTIONS"] = `--import=${probe}`
    try {
      await this.#cluster.up()
    } finally {
      if (options === undefined) delete process.env["NODE_OPTIONS"]
      else process.env["NODE_OPTIONS"] = options
    }
    this.#transport?.close()
    const { connection } = resolveContext(await readKubeconfig(join(this.data, "kubeconfig")))
    this.#transport = createHttpsTransport(connection, { clock: realClock })
    this.client = createClient(this.#transport, { userAgent: "soak" })
  }

  down(): Promise<Output> {
    this.#transport?.close()
    return this.#cluster.coracle("down")
  }

  async destroy(): Promise<void> {
    this.#transport?.close()
    await this.#cluster.destroy()
    rmSync(this.directory, { recursive: true, force: true })
  }

  log(lines: number): string {
    return this.#cluster.log(lines)
  }

  get controlPlanePid(): number {
    return this.#cluster.pid
  }

  /** Undefined while it is being started again. */
  findNodePid(node: string): number | undefined {
    return findProcess(
      (words) => words.includes("run") && words.includes(node) && words.includes(this.data),
      "node",
    )
  }

  findContainerdPid(node: string): number | undefined {
    const text = readText(join(this.data, "nodes", node, "containerd", "containerd.pid"))
    return (
      Number(text) ||
      findProcess((words) => words.some((word) => word.includes(`/nodes/${node}/containerd/`)), "containerd")
    )
  }

  /** The network namespace that a node lives in. */
  namespaceOf(node: string): string | undefined {
    const pid = this.findNodePid(node)
    return pid === undefined ? undefined : `/proc/${pid}/ns/net`
  }

  /** Under which all its nodes have their control groups. */
  get cgroup(): string {
    return `/coracle/${createHash("sha256").update(this.data).digest("hex").slice(0, 8)}`
  }

  get serverPort(): string {
    return new URL(this.#cluster.state.server).port
  }

  get probes(): string {
    return this.#probes
  }
}

/** The first process whose program is called so and whose arguments fit. */
export function findProcess(
  fits: (words: readonly string[]) => boolean,
  program: string,
): number | undefined {
  return processIds().find((pid) => {
    const words = readText(`/proc/${pid}/cmdline`).split("\0")
    return words[0]?.split("/").at(-1) === program && fits(words)
  })
}
