import { expect, test } from "vitest"
import { SeededRandom } from "../../base/simulated/random.ts"
import { integer } from "../../base/random.ts"
import { SortedObjects } from "./sorted-objects.ts"
import type { StoredObject } from "./stored-object.ts"

test("holds what a sorted map would hold, through thousands of changes", () => {
  const random = new SeededRandom("sorted-objects")
  const objects = new SortedObjects()
  const model = new Map<string, StoredObject>()
  for (let step = 0; step < 20_000; step++) {
    const key = `k${integer(random, 6000)}`
    if (random.next() < 0.3) {
      objects.delete(key)
      model.delete(key)
    } else {
      const object = { key, revision: step } as StoredObject
      objects.put(object)
      model.set(key, object)
    }
    if (step % 1999 !== 0) continue
    const wanted = [...model.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    expect(objects.snapshot()).toEqual(wanted)
    expect(objects.size).toBe(model.size)
  }
})

test("a snapshot stays as it was", () => {
  const objects = new SortedObjects()
  for (let index = 0; index < 3000; index++)
    objects.put({ key: String(index).padStart(4, "0") } as StoredObject)
  const before = objects.snapshot()
  objects.delete("0001")
  objects.put({ key: "00015" } as StoredObject)
  expect(before.length).toBe(3000)
  expect(before[1]!.key).toBe("0001")
  expect(objects.snapshot()[1]!.key).toBe("00015")
})
