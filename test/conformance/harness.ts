import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, request as httpsRequest } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, test } from "vitest"
import { silentLogger } from "../../src/base/log.ts"
import { realClock } from "../../src/base/real/clock.ts"
import { realRandom } from "../../src/base/real/random.ts"
import { safeSuffix } from "../../src/base/random.ts"
import { parseYaml } from "../../src/apimachinery/codec/yaml.ts"
import { startControlPlane } from "../../src/cluster/control-plane.ts"
import { dataDirectory } from "../../src/cluster/data-directory.ts"
import { usualStore } from "../../src/cluster/store/store-flags.ts"
import { usualNetworks } from "../../src/cluster/networks/networks.ts"
import { localControlPlane } from "../../src/cluster/nodes/local-control-plane.ts"
import { startSimulatedNode } from "../../src/cluster/nodes/start-simulated-node.ts"

/*
 * Conformance tests look from outside: they know a kubeconfig and what the documents of Kubernetes promise, nothing of this
 * program. They run against the cluster of CORACLE_CONFORMANCE_KUBECONFIG, or against a control plane started for them.
 */

/** Any object as it travels. */
export interface Json {
  // oxlint-disable-next-line typescript/no-explicit-any -- outside there are no types, only documents
  [field: string]: any
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body, parsed; a Status for refusals. */
  readonly body: Json
}

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown
}

/** One way into a cluster, with nothing but HTTPS. */
export class Api {
  readonly #options: { host: string; port: string; agent: Agent }

  constructor(kubeconfig: string) {
    const { clusters, users, contexts, "current-context": current } = parseYaml(kubeconfig) as Json
    const context = contexts.find((each: Json) => each["name"] === current).context
    const cluster = clusters.find((each: Json) => each["name"] === context.cluster).cluster
    const user = users.find((each: Json) => each["name"] === context.user).user
    const { hostname, port } = new URL(cluster.server)
    const pem = (text: string) => Buffer.from(text, "base64")
    const agent = new Agent({
      keepAlive: true,
      ca: pem(cluster["certificate-authority-data"]),
      cert: pem(user["client-certificate-data"]),
      key: pem(user["client-key-data"]),
    })
    this.#options = { host: hostname, port: port || "443", agent }
  }

  /** The answer, whatever it says. */
  send(method: string, path: string, { query, headers, body }: RequestOptions = {}): Promise<Answer> {
    const search = query ? `?${new URLSearchParams(query).toString()}` : ""
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body)
    const all = {
      ...(text !== undefined && {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(text)),
      }),
      ...headers,
    }
    return new Promise((resolve, reject) => {
      const options = { ...this.#options, method, path: path + search, headers: all }
      const outgoing = httpsRequest(options, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
        incoming.on("end", () => {
          const answered = Buffer.concat(chunks).toString()
          const isJson = incoming.headers["content-type"]?.startsWith("application/json")
          const parsed = isJson && answered ? (JSON.parse(answered) as Json) : {}
          resolve({ status: incoming.statusCode!, headers: incoming.headers, text: answered, body: parsed })
        })
      })
      outgoing.on("error", reject)
      outgoing.end(text)
    })
  }

  /** The body of an answer that must be a success. */
  async #must(method: string, path: string, options?: RequestOptions): Promise<Json> {
    const { status, body, text } = await this.send(method, path, options)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${body["message"] ?? text}`)
    return body
  }

  get(path: string, query?: RequestOptions["query"]): Promise<Json> {
    return this.#must("GET", path, query && { query })
  }

  create(path: string, body: unknown, query?: RequestOptions["query"]): Promise<Json> {
    return this.#must("POST", path, { body, ...(query && { query }) })
  }

  update(path: string, body: unknown): Promise<Json> {
    return this.#must("PUT", path, { body })
  }

  patch(path: string, body: unknown, kind: "merge" | "json" | "strategic" = "merge"): Promise<Json> {
    const type = { merge: "merge-patch", json: "json-patch", strategic: "strategic-merge-patch" }[kind]
    return this.#must("PATCH", path, { body, headers: { "content-type": `application/${type}+json` } })
  }

  delete(path: string, options?: RequestOptions): Promise<Json> {
    return this.#must("DELETE", path, options)
  }

  /** Events as they come, until the reader stops or the server ends the watch. */
  async *watch(path: string, query: Readonly<Record<string, string>> = {}): AsyncGenerator<Json, void, void> {
    const search = new URLSearchParams({ watch: "1", ...query }).toString()
    const options = { ...this.#options, path: `${path}?${search}` }
    const incoming = await new Promise<AsyncIterable<Buffer> & { destroy(): void }>((resolve, reject) => {
      const outgoing = httpsRequest(options, resolve)
      outgoing.on("error", reject)
      outgoing.end()
    })
    let text = ""
    try {
      for await (const chunk of incoming) {
        text += chunk.toString()
        const lines = text.split("\n")
        text = lines.pop()!
        for (const line of lines) yield JSON.parse(line) as Json
      }
    } finally {
      incoming.destroy()
    }
  }
}

/** The next `count` events of a watch. Begin to wait before making them happen. */
export async function nextEvents(watch: AsyncIterable<Json>, count: number): Promise<Json[]> {
  const events: Json[] = []
  for await (const event of watch) {
    events.push(event)
    if (events.length === count) break
  }
  return events
}

/** Asks again and again until `check` gives something other than undefined and false. */
export async function eventually<T>(
  check: () => Promise<T | undefined | false>,
  what: string,
  withinMs = 30_000,
) {
  const end = performance.now() + withinMs
  while (performance.now() < end) {
    const found = await check()
    if (found !== undefined && found !== false) return found as Exclude<T, false | undefined>
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`not within ${withinMs / 1000} s: ${what}`)
}

export interface World {
  readonly api: Api
  /** A namespace of the test's own, deleted when it is done. */
  readonly namespace: string
}

export interface ClusterNeeds {
  /**
   * How many nodes there are to be. Those of a cluster started here are simulated: good for what controllers, scheduler and
   * kubelet agree on by the API; what containers do is told by annotations (container-runtime/simulated/profile.ts).
   *
   * @default 0
   */
  readonly nodes?: number
  /** How soon a cluster started here forgets where lists were: upstream's `--etcd-compaction-interval`. @default 5 minutes */
  readonly compactionIntervalMs?: number
}

let api: Api | undefined

/** Call at the top of a test file: the cluster is there when its tests run. */
export function useCluster(needs: ClusterNeeds = {}): void {
  let stop: () => Promise<void> = async () => {}
  beforeAll(async () => {
    const existing = process.env["CORACLE_CONFORMANCE_KUBECONFIG"]
    if (existing) api = new Api(readFileSync(existing, "utf8"))
    else ({ api, stop } = await startOwn(needs))
  })
  afterAll(() => stop())
}

async function startOwn({
  nodes: nodeCount = 0,
  compactionIntervalMs,
}: ClusterNeeds): Promise<{ api: Api; stop: () => Promise<void> }> {
  const path = mkdtempSync(join(tmpdir(), "coracle-conformance-"))
  const parts = {
    directory: dataDirectory(path),
    networks: usualNetworks,
    clock: realClock,
    random: realRandom,
    log: silentLogger,
  }
  const controlPlane = startControlPlane({
    ...parts,
    listen: { host: "127.0.0.1", port: 0 },
    store: { ...usualStore, ...(compactionIntervalMs && { compactionIntervalMs }) },
  })
  const names = Array.from({ length: nodeCount }, (_, index) => `node-${index + 1}`)
  const nodes = await Promise.all(
    names.map((name) =>
      startSimulatedNode({
        ...parts,
        name,
        controlPlane: controlPlane.then((running) => localControlPlane(running, name, silentLogger)),
      }),
    ),
  )
  await Promise.all(nodes.map(({ ready }) => ready))
  const plane = await controlPlane
  return {
    api: new Api(readFileSync(parts.directory.kubeconfig, "utf8")),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
      await plane.stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** A behaviour that does not hold yet, and why. */
export function toCome(codename: string, why: string): void {
  test.todo(`${codename}: ${why}`)
}

export interface ConformanceOptions {
  /** @default two minutes */
  readonly timeoutMs?: number
  /** It waits for the clock on the wall: beside others of its kind. @default false */
  readonly concurrent?: boolean
}

/**
 * One behaviour of the official conformance suite, under its full name there.
 *
 * @param codename "[sig-api-machinery] Watchers should ... [Conformance]"
 */
export function conformance(
  codename: string,
  check: (world: World) => Promise<void>,
  { timeoutMs, concurrent = false }: ConformanceOptions = {},
): void {
  test(codename, { concurrent, ...(timeoutMs && { timeout: timeoutMs }) }, async () => {
    const namespace = `conformance-${safeSuffix(realRandom, 8)}`
    await api!.create("/api/v1/namespaces", { metadata: { name: namespace } })
    try {
      await check({ api: api!, namespace })
    } finally {
      await api!.delete(`/api/v1/namespaces/${namespace}`)
    }
  })
}
