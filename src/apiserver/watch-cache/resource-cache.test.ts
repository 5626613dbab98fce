import { expect, test } from "vitest"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import type { StoredObject } from "./stored-object.ts"
import { ResourceCache } from "./resource-cache.ts"
import type { WatchedChange, Watcher } from "./watcher.ts"

const clock = new SimulatedClock()

function newCache(): ResourceCache {
  const cache = new ResourceCache({
    prefix: "/registry/things/",
    decoder: { decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject },
    clock,
    indexedValue: ({ object }) => object.metadata.labels?.["node"] ?? "",
  })
  cache.reset(1)
  return cache
}

function bytes(name: string, labels: Record<string, string> = {}): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ kind: "T", apiVersion: "v1", metadata: { name, uid: name, labels } }),
  )
}

async function told(watcher: Watcher): Promise<string[]> {
  watcher.end("closed")
  const lines: string[] = []
  for await (const batch of watcher.batches()) lines.push(...batch.map(formatChange))
  return lines
}

function formatChange(change: WatchedChange): string {
  if (change.type === "BOOKMARK") return `BOOKMARK ${change.revision}${change.initialEventsEnd ? " end" : ""}`
  const { metadata } = change.stored.object
  return `${change.type} ${metadata.name}@${metadata.resourceVersion}`
}

test("lists in the order of the store, in which the slash after a namespace takes part", () => {
  const cache = newCache()
  for (const key of ["a/x", "a-b/x", "a/b", "a.c/x", "b/x"]) cache.apply(key, 2, bytes(key))
  expect(cache.list().map(({ key }) => key)).toEqual(["a-b/x", "a.c/x", "a/b", "a/x", "b/x"])
  expect(cache.list("a").map(({ key }) => key)).toEqual(["a/b", "a/x"])
})

test("a list is not changed by what comes after", () => {
  const cache = newCache()
  cache.apply("a/x", 2, bytes("x"))
  const before = cache.list("a")
  cache.apply("a/y", 3, bytes("y"))
  cache.apply("a/x", 4, undefined)
  expect(before.map(({ key }) => key)).toEqual(["a/x"])
  expect(cache.list("a").map(({ key }) => key)).toEqual(["a/y"])
})

test("a watch from the past is told what it missed, then what comes", async () => {
  const cache = newCache()
  cache.apply("a/x", 2, bytes("x"))
  cache.apply("a/x", 3, bytes("x", { v: "2" }))
  const watcher = cache.watchFrom(2, {}, false)!
  cache.apply("a/x", 4, undefined)
  expect(await told(watcher)).toEqual(["MODIFIED x@3", "DELETED x@4"])
})

test("a selector turns changes into arrivals and departures; who leaves is told with the state before", async () => {
  const cache = newCache()
  const watcher = cache.watchFrom(
    1,
    { matches: ({ object: { metadata } }) => metadata.labels?.["v"] === "1" },
    false,
  )!
  cache.apply("a/x", 2, bytes("x", { v: "0" }))
  cache.apply("a/x", 3, bytes("x", { v: "1" }))
  cache.apply("a/x", 4, bytes("x", { v: "2" }))
  cache.apply("a/x", 5, undefined)
  expect(await told(watcher)).toEqual(["ADDED x@3", "DELETED x@4"])
})

test("watchers of an indexed value hear of nothing else", async () => {
  const cache = newCache()
  const scope = {
    indexedValue: "n1",
    matches: ({ object: { metadata } }: StoredObject) => metadata.labels?.["node"] === "n1",
  }
  const watcher = cache.watchFrom(1, scope, false)!
  cache.apply("a/x", 2, bytes("x", { node: "n2" }))
  cache.apply("a/y", 3, bytes("y", { node: "n1" }))
  cache.apply("a/y", 4, bytes("y", { node: "n2" }))
  expect(await told(watcher)).toEqual(["ADDED y@3", "DELETED y@4"])
})

test("the window forgets by age, but keeps a hundred events", async () => {
  const cache = newCache()
  for (let revision = 2; revision <= 300; revision++) cache.apply("a/x", revision, bytes("x"))
  expect(cache.watchFrom(1, {}, false)).toBeDefined()
  await clock.advance(80_000)
  cache.apply("a/x", 301, bytes("x"))
  expect(cache.watchFrom(1, {}, false)).toBeUndefined()
  expect(cache.oldestRevision).toBe(201)
  expect((await told(cache.watchFrom(298, {}, false)!)).length).toBe(3)
})

test("initial state, its end, changes, bookmarks", async () => {
  const cache = newCache()
  cache.apply("a/x", 2, bytes("x"))
  const watcher = cache.watchFromNow(2, {}, true, true)
  cache.bookmark(2)
  cache.apply("a/y", 3, bytes("y"))
  cache.bookmark(7)
  cache.bookmark(7)
  expect(await told(watcher)).toEqual(["ADDED x@2", "BOOKMARK 2 end", "ADDED y@3", "BOOKMARK 7"])
})

test("a watcher that does not take its events is cut off and holds no memory", async () => {
  const cache = newCache()
  const watcher = cache.watchFrom(1, {}, false)!
  const state = bytes("x")
  for (let revision = 2; revision < 10_010; revision++) cache.apply("a/x", revision, state)
  expect(watcher.ended).toBe("tooSlow")
  expect(await told(watcher)).toEqual([])
})

test("a watcher that comes back after however many changes is told all of them, and of more meanwhile", async () => {
  const cache = newCache()
  const state = bytes("x")
  for (let revision = 2; revision < 20_010; revision++) cache.apply("a/x", revision, state)
  const watcher = cache.watchFrom(1, {}, false)!
  for (let revision = 20_010; revision < 20_020; revision++) cache.apply("a/x", revision, state)
  expect(watcher.ended).toBeUndefined()
  expect(await told(watcher)).toHaveLength(20_018)
})

test("a reset ends watches: what they missed cannot be told", async () => {
  const cache = newCache()
  const watcher = cache.watchFrom(1, {}, false)!
  cache.reset(50)
  expect(watcher.ended).toBe("reset")
  expect(cache.watchFrom(49, {}, false)).toBeUndefined()
})
