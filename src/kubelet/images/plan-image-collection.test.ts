import { expect, it } from "vitest"
import type { Image } from "../../container-runtime/cri.ts"
import { minImageAgeMs, noteImages, planImageCollection } from "./plan-image-collection.ts"

const image = (id: string, pinned = false): Image => ({
  id,
  repoTags: [],
  repoDigests: [],
  sizeBytes: 100,
  username: "",
  pinned,
})
const used =
  (...ids: string[]) =>
  (each: Image) =>
    ids.includes(each.id)

it("removes what was unused the longest, as much as is needed", () => {
  const images = [image("a"), image("b"), image("c"), image("base", true)]
  let records = noteImages(new Map(), images, used("a"), 10)
  records = noteImages(records, images, used("b"), 1000)
  const plan = (wantedBytes: number, isUsed = used()) =>
    planImageCollection(images, records, isUsed, { wantedBytes, nowMs: 10 + minImageAgeMs }).remove.map(
      ({ id }) => id,
    )
  expect(plan(150)).toEqual(["c", "a"])
  expect(plan(1000)).toEqual(["c", "a", "b"])
  expect(plan(1000, used("a", "c"))).toEqual(["b"])
  expect(plan(0)).toEqual([])
})

it("spares an image that has just come", () => {
  const images = [image("new")]
  const records = noteImages(new Map(), images, used(), 5000)
  const nowMs = 5000 + minImageAgeMs - 1
  expect(planImageCollection(images, records, used(), { wantedBytes: 1, nowMs }).remove).toEqual([])
})
