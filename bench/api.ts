/**
 * What the API server does with the machine, each figure beside the limit measured in the same run: reads against a bare
 * node:https server that sends the same bytes, durable creates against the store alone. Both are measured in turns, and the
 * ratio is the median of the rounds. Load comes from a second thread over TLS; on two cores client and server share the
 * machine.
 *
 * Usage: npm run bench -- api [--seconds 3] [--rounds 3] [--pods 100000]
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker } from "node:worker_threads"
import { Pod } from "../src/api/core/v1/pod.ts"
import { silentLogger } from "../src/base/log.ts"
import { realClock } from "../src/base/real/clock.ts"
import { realRandom } from "../src/base/real/random.ts"
import type { Client } from "../src/client/client.ts"
import { openEmbeddedStore } from "../src/etcd/embedded/embedded-store.ts"
import { createMemoryStore } from "../src/etcd/memory/memory-store.ts"
import type { Store } from "../src/etcd/store.ts"
import { type Figures, run, type Task } from "./api-parts/load.ts"
import { admin, type OpenServer, startOpenServer } from "./api-parts/open-server.ts"
import { podOf } from "./api-parts/pods.ts"

const podBytes = 4096

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "3" },
      rounds: { type: "string", default: "3" },
      pods: { type: "string", default: "100000" },
    },
  })
  const ms = Number(values.seconds) * 1000
  const rounds = Number(values.rounds)
  await benchReads(ms, rounds)
  await benchCreates(ms, rounds)
  await benchWatches()
  await benchMemory(Number(values.pods))
  process.exit(0)
}

async function benchReads(ms: number, rounds: number): Promise<void> {
  const { server, client, listening, certificates } = await startOpenServer(
    createMemoryStore({ clock: realClock }),
  )
  for (let index = 0; index < 1000; index++) await client.create(Pod, podOf(`p${index}`, podBytes))
  const one = "/api/v1/namespaces/bench/pods/p0"
  const all = "/api/v1/namespaces/bench/pods"
  const bare = createServer({ cert: certificates.server.certificate, key: certificates.server.key })
  const bodies = new Map<string, Buffer>()
  for (const path of [one, all]) bodies.set(path, await bytesOf(server.handle, path))
  bare.on("request", (request, response) => {
    const body = bodies.get(request.url!)!
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length })
    response.end(body)
  })
  await new Promise<void>((resolve) => void bare.listen(0, "127.0.0.1", resolve))
  const limits = (bare.address() as AddressInfo).port
  const get = (port: number, path: string, clients: number) => load({ kind: "get", port, path, clients, ms })
  await get(listening.port, one, 16)
  const found = await beside(
    rounds,
    () => get(listening.port, one, 16),
    async () => (await get(limits, one, 16)).perSecond,
  )
  report("GET of a pod", `${found.perSecond.toFixed(0)}/s`, "bare node:https", found)
  const listed = await beside(
    rounds,
    () => get(listening.port, all, 4),
    async () => (await get(limits, all, 4)).perSecond,
  )
  const megabytes = `${(listed.bytesPerSecond / 1e6).toFixed(0)} MB/s`
  report("LIST of 1000 pods", megabytes, "bare node:https", listed)
  bare.close()
  await server.stop()
  await listening.close(0)
}

async function benchCreates(ms: number, rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "coracle-bench-api-"))
  try {
    const raw = await openEmbeddedStore(storeOptions(join(directory, "raw")))
    const value = new TextEncoder().encode(JSON.stringify(podOf("NAME", podBytes)))
    const limit = () => putMany(raw, value, ms)
    const store = await openEmbeddedStore(storeOptions(join(directory, "served")))
    const { server, listening, client } = await startOpenServer(store)
    const inProcess = await beside(rounds, () => createMany(client, ms), limit)
    report("durable creates, in process", `${inProcess.perSecond.toFixed(0)}/s`, "the store alone", inProcess)
    const body = JSON.stringify(podOf("NAME", podBytes))
    const path = "/api/v1/namespaces/bench/pods"
    let round = 0
    const sent = () => body.replaceAll("NAME", `r${round++}-NAME`)
    const created = await beside(
      rounds,
      () => load({ kind: "create", port: listening.port, path, clients: 32, ms, body: sent() }),
      limit,
    )
    report("durable creates, HTTPS", `${created.perSecond.toFixed(0)}/s`, "the store alone", created)
    await raw.close()
    await server.stop()
    await listening.close(0)
    await store.close()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function benchWatches(): Promise<void> {
  const { server, client, listening } = await startOpenServer(createMemoryStore({ clock: realClock }))
  const watchers = 1000
  const events = 50
  const path = "/api/v1/namespaces/bench/pods?watch=1"
  const found = await load({ kind: "watch", port: listening.port, path, watchers, events }, async () => {
    for (let index = 0; index < events; index++) await client.create(Pod, podOf(`w${index}`, podBytes))
  })
  console.log(
    `${"watch, 1000 watchers".padEnd(30)} ${`${found.perSecond.toFixed(0)} events/s`.padStart(18)}  ${(found.bytesPerSecond / 1e6).toFixed(0)} MB/s`,
  )
  await server.stop()
  await listening.close(0)
}

async function benchMemory(pods: number): Promise<void> {
  const store = createMemoryStore({ clock: realClock })
  const { server, client, transport } = await startOpenServer(store)
  const before = process.memoryUsage().rss
  const begun = performance.now()
  let next = 0
  const create = async () => {
    while (next < pods) await client.create(Pod, podOf(`p${next++}`, podBytes))
  }
  await Promise.all(Array.from({ length: 32 }, create))
  const seconds = (performance.now() - begun) / 1000
  globalThis.gc?.()
  const { rss } = process.memoryUsage()
  console.log(
    `${`${pods} pods of 4 kB`.padEnd(30)} ${`${((rss - before) / 1e6).toFixed(0)} MB`.padStart(18)}  resident, created at ${(pods / seconds).toFixed(0)}/s`,
  )
  const listed = performance.now()
  await transport.request({ method: "GET", path: "/api/v1/pods" })
  const inProcessMs = performance.now() - listed
  const encoded = performance.now()
  const response = await server.handle(requestOf("/api/v1/pods"))
  let bytes = 0
  if (response.body.kind === "object") for (const piece of response.body.encode()) bytes += piece.length
  const encodedMs = performance.now() - encoded
  console.log(
    `${"  listed".padEnd(30)} ${`${inProcessMs.toFixed(0)} ms`.padStart(18)}  as objects; ${encodedMs.toFixed(0)} ms as ${(bytes / 1e6).toFixed(0)} MB of JSON`,
  )
}

function storeOptions(directory: string) {
  return { directory, clock: realClock, log: silentLogger, random: realRandom }
}

interface Compared extends Figures {
  /** The rate as a part of the limit's. */
  readonly share: number
}

/** Both in turns, so that whatever else the machine does troubles both; the round whose share is the median. */
async function beside(
  rounds: number,
  measure: () => Promise<Figures>,
  limit: () => Promise<number>,
): Promise<Compared> {
  const found: Compared[] = []
  for (let round = 0; round < rounds; round++) {
    const perSecond = await limit()
    const figures = await measure()
    found.push({ ...figures, share: figures.perSecond / perSecond })
  }
  return found.sort((a, b) => a.share - b.share)[rounds >> 1]!
}

let putKeys = 0

async function putMany(store: Store, value: Uint8Array, ms: number): Promise<number> {
  let count = 0
  const begun = performance.now()
  const writer = async () => {
    while (performance.now() - begun < ms) {
      count++
      const key = `/registry/pods/bench/p${putKeys++}`
      await store.txn({
        compare: [{ key, target: "modRevision", is: "=", to: 0 }],
        success: [{ op: "put", key, value }],
      })
    }
  }
  await Promise.all(Array.from({ length: 32 }, writer))
  return count / ((performance.now() - begun) / 1000)
}

let created = 0

async function createMany(client: Client, ms: number): Promise<Figures> {
  const times: number[] = []
  const begun = performance.now()
  const writer = async () => {
    while (performance.now() - begun < ms) {
      const start = performance.now()
      await client.create(Pod, podOf(`i${created++}`, podBytes))
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: 32 }, writer))
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  const perSecond = times.length / ((performance.now() - begun) / 1000)
  return { perSecond, bytesPerSecond: 0, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function requestOf(path: string) {
  return {
    method: "GET",
    path,
    query: new URLSearchParams(),
    headers: {},
    body: { kind: "none" as const },
    user: admin,
    signal: new AbortController().signal,
  }
}

async function bytesOf(handle: OpenServer["server"]["handle"], path: string): Promise<Buffer> {
  const { body } = await handle(requestOf(path))
  if (body.kind !== "object") throw new Error(`${path}: ${body.kind}`)
  return Buffer.concat([...body.encode()])
}

function report(title: string, figure: string, limit: string, { share, p50Ms, p99Ms }: Compared): void {
  console.log(
    `${title.padEnd(30)} ${figure.padStart(18)}  ${(share * 100).toFixed(0).padStart(4)} % of ${limit.padEnd(16)} p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms`,
  )
}

/** Runs a load in another thread. `onReady` is called when it has begun. */
function load(task: Task, onReady?: () => Promise<void>): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url))
    worker.on("message", (message: { ready?: true; figures?: Figures }) => {
      if (message.ready) onReady?.().catch(reject)
      if (message.figures) {
        resolve(message.figures)
        void worker.terminate()
      }
    })
    worker.on("error", reject)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    worker.postMessage(task)
  })
}

/** What the thread that makes the load says. */
function tell(message: { readonly ready: true } | { readonly figures: Figures }): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
  parentPort!.postMessage(message)
}

if (isMainThread) await main()
else {
  parentPort!.on("message", (task: Task) => {
    void run(task, () => tell({ ready: true })).then((figures) => tell({ figures }))
  })
}
