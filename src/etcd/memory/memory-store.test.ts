import { expect, test } from "vitest"
import { realClock } from "../../base/real/clock.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { describeStoreContract } from "../contract/store-contract.ts"
import { createMemoryStore } from "./memory-store.ts"

test("a fork goes its own way", async () => {
  const store = createMemoryStore({ clock: realClock })
  await store.txn({ success: [{ op: "put", key: "a", value: new Uint8Array([1]) }] })
  const fork = store.fork()
  await fork.txn({ success: [{ op: "put", key: "a", value: new Uint8Array([2]) }] })
  await store.txn({ success: [{ op: "delete", key: "a" }] })
  const inFork = await fork.range({ key: "a" })
  expect(inFork.kvs).toMatchObject([
    { value: new Uint8Array([2]), createRevision: 2, modRevision: 3, version: 2 },
  ])
  expect((await store.range({ key: "a" })).kvs).toEqual([])
  expect((await store.range({ key: "a", revision: 2 })).kvs).toEqual(
    (await fork.range({ key: "a", revision: 2 })).kvs,
  )
  await store.close()
  await fork.close()
})

test("a fork's leases end by the fork's clock", async () => {
  const here = new SimulatedClock()
  const there = new SimulatedClock()
  await here.advance(60_000)
  const store = createMemoryStore({ clock: here })
  const { id } = await store.leases.grant(10)
  await store.txn({ success: [{ op: "put", key: "a", value: new Uint8Array(), lease: id }] })
  const fork = store.fork({ clock: there })
  await there.advance(9_999)
  expect((await fork.range({ key: "a" })).count).toBe(1)
  await there.advance(2)
  expect((await fork.range({ key: "a" })).count).toBe(0)
  expect((await store.range({ key: "a" })).count).toBe(1)
})

describeStoreContract(
  "the memory store",
  async () => {
    const clock = new SimulatedClock()
    const store = createMemoryStore({ clock, random: new SeededRandom("memory") })
    return { store, advance: (ms) => clock.advance(ms), close: () => store.close() }
  },
  { runs: 150 },
)
