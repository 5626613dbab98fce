import { expect, test } from "vitest"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { createMemoryStore } from "../etcd/memory/memory-store.ts"
import { Compactor } from "./compactor.ts"

const minuteMs = 60_000

function start(servers: number, byStore = false) {
  const clock = new SimulatedClock()
  const store = createMemoryStore({ clock })
  const compacted: number[] = []
  const watched = Object.assign(Object.create(store) as typeof store, {
    compact: (revision: number) => {
      compacted.push(revision)
      return store.compact(revision)
    },
    currentRevision: () => store.currentRevision(),
    txn: (request: Parameters<typeof store.txn>[0]) => store.txn(request),
  })
  const compactors = Array.from({ length: servers }, () => {
    return new Compactor(watched, clock, silentLogger, { byStore })
  })
  for (const compactor of compactors) compactor.start()
  const write = () => store.txn({ success: [{ op: "put", key: "k", value: new Uint8Array() }] })
  return { clock, store, compacted, compactors, write }
}

test("what is older than an interval is forgotten, once for all servers", async () => {
  const { clock, compacted, write } = start(3)
  const revisions: number[] = []
  for (let interval = 0; interval < 6; interval++) {
    revisions.push((await write()).revision)
    await clock.advance(5 * minuteMs)
  }
  expect(compacted.length).toBeGreaterThanOrEqual(4)
  expect(new Set(compacted).size).toBe(compacted.length)
  expect(compacted).toEqual(compacted.toSorted((a, b) => a - b))
  // The newest turn goes as far as the store was one interval before, and no further.
  expect(compacted.at(-1)).toBeGreaterThanOrEqual(revisions.at(-2)!)
  expect(compacted.at(-1)).toBeLessThan(revisions.at(-1)!)
})

test("a server that is gone does not keep the others from it", async () => {
  const { clock, compacted, compactors, write } = start(2)
  await write()
  await clock.advance(10 * minuteMs)
  compactors[0]!.stop()
  const before = compacted.length
  for (let interval = 0; interval < 4; interval++) {
    await write()
    await clock.advance(5 * minuteMs)
  }
  expect(compacted.length).toBeGreaterThanOrEqual(before + 3)
})

test("a store that forgets by itself is left alone; lists are continued as long as everywhere", async () => {
  const { clock, compacted, compactors, write } = start(1, true)
  const { revision } = await write()
  await clock.advance(6 * minuteMs)
  expect(compactors[0]!.pagesFrom).toBeLessThanOrEqual(revision)
  await write()
  await clock.advance(60 * minuteMs)
  expect(compactors[0]!.pagesFrom).toBe(revision + 1)
  expect(compacted).toEqual([])
})

test("with an interval of 0 nothing is ever forgotten", async () => {
  const clock = new SimulatedClock()
  const store = createMemoryStore({ clock })
  const compactor = new Compactor(store, clock, silentLogger, { intervalMs: 0 })
  compactor.start()
  const { revision } = await store.txn({ success: [{ op: "put", key: "k", value: new Uint8Array() }] })
  await clock.advance(60 * minuteMs)
  expect(compactor.pagesFrom).toBe(0)
  expect((await store.range({ key: "k", revision })).count).toBe(1)
})
