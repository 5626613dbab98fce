/**
 * What the stores do under the same load, in one run: the embedded one in this process (durable before it acknowledges),
 * the same behind gRPC in a process of its own, and, where `etcd` is on the PATH, the real one on the same disk, with
 * the same client. Values have 1 kB. The load runs in this process, so its own work is part of the figures.
 *
 * Usage: npm run bench -- etcd [--dir DIR] [--seconds 1] [--rounds 3] [--million]
 */
import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { silentLogger } from "../src/base/log.ts"
import { realClock } from "../src/base/real/clock.ts"
import { realRandom } from "../src/base/real/random.ts"
import { type EmbeddedStore, openEmbeddedStore } from "../src/etcd/embedded/embedded-store.ts"
import { createEtcdServer } from "../src/etcd/grpc/etcd-server.ts"
import { createRemoteStore } from "../src/etcd/remote/remote-store.ts"
import type { Store } from "../src/etcd/store.ts"
import { type Figures, fill, gets, puts, ranges, replay, updates, watchEvents } from "./etcd-parts/loads.ts"

const { values: options } = parseArgs({
  options: {
    dir: { type: "string" },
    seconds: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    million: { type: "boolean", default: false },
    serve: { type: "string" },
    open: { type: "string" },
  },
})

interface Subject {
  readonly name: string
  readonly store: Store
  readonly process?: ChildProcess
}

interface Load {
  readonly title: string
  readonly run: (store: Store, durationMs: number) => Promise<Figures | number>
}

const loads: readonly Load[] = [
  ...[1, 32, 256].map((clients) => ({
    title: `puts, ${clients} clients`,
    run: (store: Store, durationMs: number) => puts(store, clients, durationMs),
  })),
  { title: "updates (get, compare, put), 32", run: (store, durationMs) => updates(store, 32, durationMs) },
  ...[1, 32, 256].map((clients) => ({
    title: `gets, ${clients} clients`,
    run: (store: Store, durationMs: number) => gets(store, clients, durationMs),
  })),
  { title: "ranges of 100 keys, 32 clients", run: (store, durationMs) => ranges(store, 32, durationMs) },
  { title: "watch events, 1 watch", run: (store, durationMs) => watchEvents(store, 1, durationMs) },
  { title: "watch events, 100 watches", run: (store, durationMs) => watchEvents(store, 100, durationMs) },
  { title: "watch events from history", run: (store) => replay(store) },
]

const openEmbedded = (directory: string): Promise<EmbeddedStore> =>
  openEmbeddedStore({ directory, clock: realClock, log: silentLogger, random: realRandom })

const connect = (endpoint: string): Store =>
  createRemoteStore({ endpoints: [endpoint], clock: realClock, log: silentLogger })

/** The other process of "embedded, gRPC". */
async function serve(directory: string): Promise<void> {
  const store = await openEmbedded(directory)
  const server = createEtcdServer({ store, clock: realClock })
  process.send?.(await server.listen(0, "127.0.0.1"))
  process.on("disconnect", () => process.exit())
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

async function openServed(root: string): Promise<Subject> {
  const child = fork(fileURLToPath(import.meta.url), ["--serve", join(root, "served")])
  const [endpoint] = (await once(child, "message")) as [string]
  return { name: "embedded, gRPC", store: connect(endpoint), process: child }
}

async function openReal(root: string): Promise<Subject> {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
  const flags = {
    "data-dir": join(root, "etcd"),
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `default=${peer}`,
    "log-level": "error",
  }
  const words = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, value])
  const child = spawn("etcd", words, { stdio: "ignore" })
  const store = connect(client)
  await store.currentRevision()
  return { name: "etcd, gRPC", store, process: child }
}

/**
 * Every load on every subject in turn, several rounds of it, so that what else the machine does meets all of them alike. The
 * median round counts.
 */
async function measure(
  subjects: readonly Subject[],
  durationMs: number,
  rounds: number,
): Promise<(Figures | number)[][]> {
  const columns = subjects.map((): (Figures | number)[] => [])
  for (const { run } of loads) {
    const figures = subjects.map((): (Figures | number)[] => [])
    for (let round = 0; round < rounds; round++)
      for (const [index, { store }] of subjects.entries()) figures[index]!.push(await run(store, durationMs))
    for (const [index, all] of figures.entries())
      columns[index]!.push(all.toSorted((a, b) => rate(a) - rate(b))[rounds >> 1]!)
  }
  return columns
}

async function end({ name, store, process }: Subject): Promise<void> {
  await store.close()
  if (process?.pid === undefined) return
  console.log(`${name}: ${residentMegabytes(process.pid)} MB resident after its loads`)
  process.kill("SIGKILL")
  await once(process, "exit")
}

const rate = (figure: Figures | number) => (typeof figure === "number" ? figure : figure.perSecond)

/** A row for each load and subject; the ratio is to the last subject, the real etcd if there is one. */
function print(names: readonly string[], columns: readonly (readonly (Figures | number)[])[]): void {
  for (const [row, { title }] of loads.entries()) {
    const reference = rate(columns.at(-1)![row]!)
    for (const [column, name] of names.entries()) {
      const figure = columns[column]![row]!
      const latency =
        typeof figure === "number" ? "" : `p50 ${figure.p50Ms.toFixed(2)}  p99 ${figure.p99Ms.toFixed(2)} ms`
      const perSecond = rate(figure).toFixed(0).padStart(9)
      const ratio = `${(rate(figure) / reference).toFixed(1)}x`.padStart(7)
      console.log(
        `${(column === 0 ? title : "").padEnd(32)} ${name.padEnd(15)} ${perSecond}/s ${ratio}  ${latency}`,
      )
    }
  }
}

async function openingTimes(root: string): Promise<void> {
  const times: number[] = []
  for (let count = 0; count < 11; count++) {
    const start = performance.now()
    const store = await openEmbedded(join(root, `empty-${count}`))
    times.push(performance.now() - start)
    await store.close()
  }
  console.log(`open, new directory: ${median(times).toFixed(1)} ms`)
  const directory = join(root, "ten-thousand")
  const store = await openEmbedded(directory)
  await fill(store, 10_000)
  await store.close()
  const start = performance.now()
  const again = await openEmbedded(directory)
  console.log(`open, 10 000 objects of 1 kB: ${(performance.now() - start).toFixed(1)} ms`)
  await again.close()
}

async function million(root: string): Promise<void> {
  const directory = join(root, "million")
  const store = await openEmbedded(directory)
  const start = performance.now()
  await fill(store, 1_000_000)
  console.log(`one million keys of 1 kB: written in ${seconds(start)} s`)
  await store.defragment()
  await store.close()
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size)
  const megabytes = (sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(0)
  const child = fork(fileURLToPath(import.meta.url), ["--open", directory])
  const [opened] = (await once(child, "message")) as [{ seconds: string; megabytes: string }]
  console.log(
    `  ${megabytes} MB on disk, opened in ${opened.seconds} s, ${opened.megabytes} MB resident in a new process`,
  )
}

/** The other process of `million`: its memory has seen nothing else. */
async function openAndTell(directory: string): Promise<void> {
  const start = performance.now()
  const store = await openEmbedded(directory)
  const took = seconds(start)
  globalThis.gc?.()
  process.send?.({ seconds: took, megabytes: residentMegabytes(process.pid) })
  await store.close()
  process.disconnect()
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1]!
const seconds = (start: number): string => ((performance.now() - start) / 1000).toFixed(1)

function residentMegabytes(processId: number): string {
  const status = readFileSync(`/proc/${processId}/status`, "utf8")
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000).toFixed(0)
}

async function main(): Promise<void> {
  const root = mkdtempSync(join(options.dir ?? tmpdir(), "coracle-bench-etcd-"))
  const durationMs = Number(options.seconds) * 1000
  try {
    await openingTimes(root)
    const subjects: Subject[] = [
      { name: "embedded", store: await openEmbedded(join(root, "embedded")) },
      await openServed(root),
    ]
    if (spawnSync("etcd", ["--version"]).status === 0) subjects.push(await openReal(root))
    else console.log("no etcd on the PATH: nothing to compare with")
    const columns = await measure(subjects, durationMs, Number(options.rounds))
    for (const subject of subjects) await end(subject)
    print(
      subjects.map(({ name }) => name),
      columns,
    )
    if (options.million) await million(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

if (options.serve !== undefined) await serve(options.serve)
else if (options.open !== undefined) await openAndTell(options.open)
else await main()
