import { expect, test } from "vitest"
import { realClock } from "../../base/real/clock.ts"
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
