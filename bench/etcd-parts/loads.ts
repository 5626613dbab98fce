/** The same loads for every store: what they do, and what came of it. */
import { performance } from "node:perf_hooks"
import type { Store } from "../../src/etcd/store.ts"

export interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const valueBytes = 1000
const keySpace = 10_000

export const keyOf = (index: number): string =>
  `/registry/pods/bench/${String(index % keySpace).padStart(6, "0")}`

/** Each client does one thing after the other until the time is over. */
async function runClients(
  clients: number,
  durationMs: number,
  step: (turn: number) => Promise<unknown>,
): Promise<Figures> {
  const latencies: number[] = []
  const start = performance.now()
  const end = start + durationMs
  let turn = 0
  const client = async () => {
    for (let before = performance.now(); before < end; ) {
      await step(turn++)
      const after = performance.now()
      latencies.push(after - before)
      before = after
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const elapsedMs = performance.now() - start
  latencies.sort((a, b) => a - b)
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)]!
  return { perSecond: (latencies.length / elapsedMs) * 1000, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

export function puts(store: Store, clients: number, durationMs: number): Promise<Figures> {
  // A new value each time, as from an encoder; the store keeps it.
  const put = (turn: number) =>
    store.txn({
      success: [{ op: "put", key: keyOf(turn * 7919), value: new Uint8Array(valueBytes).fill(turn) }],
    })
  return runClients(clients, durationMs, put)
}

/** What an API server's update is: a compare-and-swap that reads what is there if it fails. */
export function updates(store: Store, clients: number, durationMs: number): Promise<Figures> {
  const update = async (turn: number) => {
    const key = keyOf(turn * 7919)
    const current = (await store.range({ key })).kvs[0]
    const value = new Uint8Array(valueBytes).fill(turn)
    await store.txn({
      compare: [{ key, target: "modRevision", is: "=", to: current?.modRevision ?? 0 }],
      success: [{ op: "put", key, value }],
      failure: [{ op: "range", key }],
    })
  }
  return runClients(clients, durationMs, update)
}

export function gets(store: Store, clients: number, durationMs: number): Promise<Figures> {
  return runClients(clients, durationMs, (turn) => store.range({ key: keyOf(turn * 7919) }))
}

/** 100 keys at a time. */
export function ranges(store: Store, clients: number, durationMs: number): Promise<Figures> {
  const range = (turn: number) =>
    store.range({ key: keyOf(turn * 7919), rangeEnd: "/registry/pods/bench/~", limit: 100 })
  return runClients(clients, durationMs, range)
}

/** Events told per second to `watchers` watches of everything, while 32 clients write. */
export async function watchEvents(store: Store, watchers: number, durationMs: number): Promise<number> {
  const watches = Array.from({ length: watchers }, () =>
    store.watch({ key: "/registry/", rangeEnd: "/registry0" }),
  )
  await Promise.all(watches.map((watch) => watch.started))
  let events = 0
  const reading = watches.map(async (watch) => {
    for await (const batch of watch) events += batch.events.length
  })
  const start = performance.now()
  await puts(store, 32, durationMs)
  const elapsedMs = performance.now() - start
  for (const watch of watches) watch.close()
  await Promise.all(reading)
  return (events / elapsedMs) * 1000
}

/** How fast history is told to a watch that starts long ago. */
export async function replay(store: Store): Promise<number> {
  const revision = await store.currentRevision()
  const start = performance.now()
  let events = 0
  const startRevision = Math.max(revision - 20_000, 2)
  for await (const batch of store.watch({ key: "/registry/", rangeEnd: "/registry0", startRevision })) {
    events += batch.events.length
    if (batch.revision >= revision) break
  }
  return (events / (performance.now() - start)) * 1000
}

export async function fill(store: Store, count: number): Promise<void> {
  let next = 0
  const writer = async () => {
    while (next < count) {
      const index = next++
      const key = `/registry/configmaps/bench/${String(index).padStart(8, "0")}`
      await store.txn({ success: [{ op: "put", key, value: new Uint8Array(valueBytes).fill(index) }] })
    }
  }
  await Promise.all(Array.from({ length: 256 }, writer))
}
