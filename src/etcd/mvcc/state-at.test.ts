import { expect, test } from "vitest"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { plain, put, remove } from "../contract/harness.ts"
import { createMemoryStore, memoryStoreOf } from "../memory/memory-store.ts"
import { CompactedError, FutureRevisionError } from "../store.ts"
import { stateAt } from "./state-at.ts"

const everything = { key: "\0", rangeEnd: "\0" }

test("the past is what could be read of it, and goes on by itself", async () => {
  const clock = new SimulatedClock()
  const store = createMemoryStore({ clock })
  const { id } = await store.leases.grant(60)
  await store.txn({ success: [put("a", "1"), put("leased", "1", id)] })
  const { revision } = await store.txn({ success: [put("b", "1")] })
  await store.txn({ success: [remove("a"), put("b", "2")] })
  await store.leases.revoke(id)

  const past = memoryStoreOf(stateAt(store.forkState(), revision), { clock })
  const before = await store.range({ ...everything, revision })
  const { kvs } = await past.range(everything)
  expect(kvs.map(plain)).toEqual(before.kvs.map((kv) => ({ ...plain(kv), lease: 0n })))
  expect(await past.currentRevision()).toBe(revision)
  expect((await past.txn({ success: [put("c")] })).revision).toBe(revision + 1)
  expect((await store.range({ key: "c" })).count).toBe(0)

  await store.compact(revision + 1)
  expect(() => stateAt(store.forkState(), revision)).toThrow(CompactedError)
  expect(() => stateAt(store.forkState(), 99)).toThrow(FutureRevisionError)
})
