import { expect, test } from "vitest"
import type { StoreEvent } from "../store.ts"
import { KeyIndex } from "./key-index.ts"

const event = (type: "put" | "delete", key: string, modRevision: number): StoreEvent => ({
  type,
  kv: { key, value: new Uint8Array(), createRevision: 0, modRevision, version: 0, lease: 0n },
})

const seenAt = (index: KeyIndex, key: string, revisions: number[]) =>
  revisions.map((revision) => index.findAt(key, revision)?.modRevision)

function filled(): KeyIndex {
  const index = new KeyIndex()
  for (const revision of [2, 4, 6]) index.record(event("put", "a", revision))
  index.record(event("put", "b", 3))
  index.record(event("delete", "b", 5))
  return index
}

test("each revision sees the newest version that is not newer than it", () => {
  expect(seenAt(filled(), "a", [1, 2, 3, 4, 5, 6, 7])).toEqual([undefined, 2, 2, 4, 4, 6, 6])
  expect(seenAt(filled(), "b", [2, 3, 4, 5])).toEqual([undefined, 3, 3, undefined])
})

test("pruning keeps what the compacted revision sees, and nothing below", () => {
  const index = filled()
  index.prune("a", 5)
  expect(seenAt(index, "a", [2, 3, 4, 5, 6])).toEqual([undefined, undefined, 4, 4, 6])
})

test("pruning drops a key that is deleted as of the compacted revision", () => {
  const index = filled()
  index.prune("b", 4)
  expect(seenAt(index, "b", [3, 4, 5])).toEqual([3, 3, undefined])
  index.prune("b", 5)
  expect(index.size).toBe(1)
  index.prune("b", 5)
  index.prune("never there", 5)
})

test("a clone keeps its own history", () => {
  const index = filled()
  const clone = index.clone()
  index.prune("a", 6)
  index.record(event("put", "c", 7))
  clone.record(event("delete", "a", 7))
  expect(seenAt(index, "a", [2, 4, 6, 7])).toEqual([undefined, undefined, 6, 6])
  expect(seenAt(clone, "a", [2, 4, 6, 7])).toEqual([2, 4, 6, undefined])
  expect(clone.findAt("c", 9)).toBeUndefined()
})
