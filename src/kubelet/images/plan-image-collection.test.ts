import { expect, it } from "vitest"
import type { Image } from "../../container-runtime/cri.ts"
import { planImageSpace, tooLittleFreed } from "./plan-image-space.ts"
import { noteImages, planImageCollection } from "./plan-image-collection.ts"

const minAgeMs = 120_000
const ages = { minAgeMs, maxAgeMs: 0 }

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
    planImageCollection(images, records, isUsed, { ...ages, wantedBytes, nowMs: 10 + minAgeMs }).remove.map(
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
  const nowMs = 5000 + minAgeMs - 1
  expect(planImageCollection(images, records, used(), { ...ages, wantedBytes: 1, nowMs }).remove).toEqual([])
})

it("removes what nobody has used for too long, however much room there is", () => {
  const images = [image("old"), image("used"), image("kept")]
  let records = noteImages(new Map(), images, used(), 0)
  records = noteImages(records, images, used("used"), 500_000)
  const aim = { minAgeMs, maxAgeMs: 600_000, wantedBytes: 0, nowMs: 700_000 }
  const isUsed = used("kept")
  expect(planImageCollection(images, records, isUsed, aim).remove.map(({ id }) => id)).toEqual(["old"])
})

it("frees down to the lower limit from the upper one on", () => {
  const limits = { high: 85, low: 80 }
  const plan = (availableBytes: number) => planImageSpace({ capacityBytes: 1000, availableBytes }, limits)
  expect(plan(160)).toBeUndefined()
  expect(plan(150)).toEqual({ usagePercent: 85, wantedBytes: 50 })
  // What is not used whole counts as used.
  expect(plan(159)).toEqual({ usagePercent: 85, wantedBytes: 41 })
  expect(plan(0)).toEqual({ usagePercent: 100, wantedBytes: 200 })
  expect(plan(2000)).toBeUndefined()
  expect(() => planImageSpace({ capacityBytes: 0, availableBytes: 0 }, limits)).toThrow("invalid capacity 0")
})

it("says when that was not enough", () => {
  expect(tooLittleFreed(91, 5 * 2 ** 40, 12)).toBe(
    "Insufficient free disk space on the node's image filesystem (91% of 5.0 TiB used). Failed to free sufficient space by deleting unused images (freed 12 bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.",
  )
  expect(tooLittleFreed(91, 1536, 0)).toContain("(91% of 1.5 KiB used)")
  expect(tooLittleFreed(91, 1000, 0)).toContain("(91% of 1000 B used)")
})
