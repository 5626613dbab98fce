import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import type { WatchEvent, WatchOptions } from "../../client/client.ts"
import { startTestServer, type TestServer } from "../testing.ts"

let clock: SimulatedClock
let server: TestServer
beforeEach(async () => {
  clock = new SimulatedClock()
  server = await startTestServer({ clock })
})
afterEach(() => server.stop())

async function create(name: string): Promise<string> {
  const { metadata } = await server.client.create(ConfigMap, { metadata: { namespace: "default", name } })
  return metadata.resourceVersion
}

const key = (name: string) => ({ namespace: "default", name })

function line({ type, object }: WatchEvent<ConfigMap>): string {
  const { name, annotations } = object.metadata
  if (type !== "BOOKMARK") return `${type} ${name}`
  return annotations?.["k8s.io/initial-events-end"] ? "BOOKMARK end" : "BOOKMARK"
}

/** All events until the watch ends or `count` have come. */
async function collect(options: WatchOptions, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const lines: string[] = []
  for await (const event of await server.client.watch(ConfigMap, options)) {
    lines.push(line(event))
    if (lines.length >= count) break
  }
  return lines
}

// https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch
describe("where a watch begins", () => {
  test("without a version, and at 0: what is there, then what comes", async () => {
    await create("a")
    const both = Promise.all([collect({}, 2), collect({ resourceVersion: "0" }, 2)])
    await create("b")
    expect(await both).toEqual([
      ["ADDED a", "ADDED b"],
      ["ADDED a", "ADDED b"],
    ])
  })

  test("at a version: what came after it", async () => {
    const version = await create("a")
    await create("b")
    const watched = collect({ resourceVersion: version }, 2)
    await server.client.delete(ConfigMap, key("a"))
    expect(await watched).toEqual(["ADDED b", "DELETED a"])
  })

  async function forgetInCache(): Promise<void> {
    for (let index = 0; index < 300; index++) {
      await server.client.patch(ConfigMap, key("a"), { type: "merge", body: { data: { x: String(index) } } })
    }
    await clock.advance(80_000)
    await create("b")
  }

  test("at a version that the cache has forgotten: what came after it, from the store", async () => {
    const version = await create("a")
    await create("gone")
    await server.client.delete(ConfigMap, key("gone"))
    await forgetInCache()
    const watched = collect({ resourceVersion: version }, 304)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await create("c")
    expect(await watched).toEqual([
      "ADDED gone",
      "DELETED gone",
      ...Array.from({ length: 300 }, () => "MODIFIED a"),
      "ADDED b",
      "ADDED c",
    ])
    const selected = { resourceVersion: version, fieldSelector: "metadata.name=gone" }
    expect(await collect(selected, 2)).toEqual(["ADDED gone", "DELETED gone"])
  })

  test("at a version that is forgotten: 410 inside the stream", async () => {
    const version = await create("a")
    await forgetInCache()
    await server.store.compact((await server.store.currentRevision()) - 5)
    await expect(collect({ resourceVersion: version }, 1)).rejects.toThrow(
      new RegExp(`^too old resource version: ${version} \\(\\d+\\)$`),
    )
  })

  test("sendInitialEvents marks the end of the initial state", async () => {
    await create("a")
    const options = {
      sendInitialEvents: true,
      allowBookmarks: true,
      resourceVersionMatch: "NotOlderThan" as const,
    }
    const watched = collect(options, 3)
    await new Promise((resolve) => setTimeout(resolve, 10))
    await create("b")
    expect(await watched).toEqual(["ADDED a", "BOOKMARK end", "ADDED b"])
    await expect(collect({ sendInitialEvents: true }, 1)).rejects.toThrow(
      "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    )
  })
})

describe("how a watch goes on", () => {
  test("bookmarks come every minute to those who want them", async () => {
    await create("a")
    const wanted = collect({ namespace: "default", allowBookmarks: true }, 4)
    const unwanted = collect({ namespace: "default" }, 2)
    await clock.advance(1)
    await server.client.create(ConfigMap, { metadata: { namespace: "other", name: "x" } })
    await clock.advance(60_000)
    await create("b")
    expect(await unwanted).toEqual(["ADDED a", "ADDED b"])
    expect(await wanted).toEqual(["ADDED a", "BOOKMARK end", "BOOKMARK", "ADDED b"])
  })

  test("it ends when its time is up, with a bookmark", async () => {
    await create("a")
    const watched = collect({ namespace: "default", timeoutSeconds: 5, allowBookmarks: true })
    await clock.advance(1000)
    await server.client.create(ConfigMap, { metadata: { namespace: "other", name: "x" } })
    await clock.advance(5000)
    expect(await watched).toEqual(["ADDED a", "BOOKMARK end", "BOOKMARK"])
  })

  test("it ends when the server stops", async () => {
    const watched = collect({})
    await clock.advance(1)
    await server.server.stop()
    expect(await watched).toEqual([])
  })
})
