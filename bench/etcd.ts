/**
 * What the stores do under the same load, in one run: the embedded one (durable before it acknowledges) and the one in
 * memory. Values have 1 kB. The load runs in the same process, so its own work is part of the figures.
 *
 * Usage: npm run bench -- etcd [--dir DIR] [--seconds 2] [--million]
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import { silentLogger } from "../src/base/log.ts"
import { realClock } from "../src/base/real/clock.ts"
import { realRandom } from "../src/base/real/random.ts"
import { type EmbeddedStore, openEmbeddedStore } from "../src/etcd/embedded/embedded-store.ts"
import { createMemoryStore } from "../src/etcd/memory/memory-store.ts"
import type { Store } from "../src/etcd/store.ts"
import { type Figures, fill, gets, puts, ranges, replay, updates, watchEvents } from "./etcd-parts/loads.ts"

const { values: options } = parseArgs({
  options: {
    dir: { type: "string" },
    seconds: { type: "string", default: "2" },
    million: { type: "boolean", default: false },
  },
})
const durationMs = Number(options.seconds) * 1000
const root = mkdtempSync(join(options.dir ?? tmpdir(), "coracle-bench-etcd-"))

interface Subject {
  readonly name: string
  readonly open: () => Promise<Store>
}

const openEmbedded = (directory: string): Promise<EmbeddedStore> =>
  openEmbeddedStore({ directory, clock: realClock, log: silentLogger, random: realRandom })

const subjects: readonly Subject[] = [
  { name: "embedded", open: () => openEmbedded(join(root, "embedded")) },
  { name: "memory", open: async () => createMemoryStore({ clock: realClock }) },
]

/** One row of figures per load; the ratio compares each subject with the first. */
async function compare(title: string, load: (store: Store) => Promise<Figures | number>): Promise<void> {
  let first: number | undefined
  for (const { name, store } of await stores) {
    const result = await load(store)
    const perSecond = typeof result === "number" ? result : result.perSecond
    first ??= perSecond
    const latency =
      typeof result === "number" ? "" : `p50 ${result.p50Ms.toFixed(3)} ms  p99 ${result.p99Ms.toFixed(3)} ms`
    const ratio = `${(perSecond / first).toFixed(2)}x`
    console.log(
      `${title.padEnd(34)} ${name.padEnd(12)} ${perSecond.toFixed(0).padStart(9)}/s ${ratio.padStart(7)}  ${latency}`,
    )
  }
}

const stores = Promise.all(subjects.map(async ({ name, open }) => ({ name, store: await open() })))

async function openingTimes(): Promise<void> {
  const times: number[] = []
  for (let count = 0; count < 11; count++) {
    const directory = join(root, `empty-${count}`)
    const start = performance.now()
    const store = await openEmbedded(directory)
    times.push(performance.now() - start)
    await store.close()
  }
  console.log(`open, new directory                 ${median(times).toFixed(1)} ms`)
  const directory = join(root, "ten-thousand")
  const store = await openEmbedded(directory)
  await fill(store, 10_000)
  await store.close()
  const start = performance.now()
  const again = await openEmbedded(directory)
  console.log(`open, 10 000 objects of 1 kB        ${(performance.now() - start).toFixed(1)} ms`)
  await again.close()
}

async function million(): Promise<void> {
  const directory = join(root, "million")
  const store = await openEmbedded(directory)
  const start = performance.now()
  await fill(store, 1_000_000)
  const seconds = (performance.now() - start) / 1000
  console.log(`one million keys of 1 kB            written in ${seconds.toFixed(1)} s`)
  await store.close()
  const files = readdirSync(directory).map((name) => statSync(join(directory, name)).size)
  const reopening = performance.now()
  const again = await openEmbedded(directory)
  globalThis.gc?.()
  console.log(`  on disk ${megabytes(files.reduce((sum, size) => sum + size, 0))}`)
  console.log(`  opened in ${((performance.now() - reopening) / 1000).toFixed(1)} s`)
  console.log(`  resident memory afterwards ${megabytes(process.memoryUsage.rss())}`)
  await again.close()
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1]!
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

try {
  await openingTimes()
  for (const clients of [1, 32, 256])
    await compare(`puts, ${clients} clients`, (store) => puts(store, clients, durationMs))
  await compare("updates (get, compare, put), 32", (store) => updates(store, 32, durationMs))
  await compare("gets, 32 clients", (store) => gets(store, 32, durationMs))
  await compare("ranges of 100 keys, 32 clients", (store) => ranges(store, 32, durationMs))
  for (const watchers of [1, 100])
    await compare(`watch events, ${watchers} watches`, (store) => watchEvents(store, watchers, durationMs))
  await compare("watch events from history", replay)
  for (const { store } of await stores) await store.close()
  if (options.million) await million()
} finally {
  rmSync(root, { recursive: true, force: true })
}
