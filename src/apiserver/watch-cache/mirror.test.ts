import { expect, test } from "vitest"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { createMemoryStore } from "../../etcd/memory/memory-store.ts"
import type { Store, Watch, WatchRequest } from "../../etcd/store.ts"
import { Mirror } from "./mirror.ts"

const prefix = "/registry/things/"
const decoder = { decode: (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as KubeObject }

function value(name: string, x: string): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ kind: "T", apiVersion: "v1", metadata: { name, uid: name, x } }),
  )
}

async function put(store: Store, name: string, x = ""): Promise<number> {
  const { revision } = await store.txn({
    success: [{ op: "put", key: prefix + name, value: value(name, x) }],
  })
  return revision
}

/** A store whose watches can be broken, as a connection to a real one breaks. */
function breakable(store: Store): { store: Store; breakWatch(): void } {
  let fail: (error: Error) => void = () => {}
  const watch = (request: WatchRequest): Watch => {
    const original = store.watch(request)
    const broken = new Promise<never>((_, reject) => (fail = reject))
    broken.catch(() => {})
    return {
      started: original.started,
      requestProgress: () => original.requestProgress(),
      close: () => original.close(),
      [Symbol.asyncIterator]() {
        const batches = original[Symbol.asyncIterator]()
        return { next: () => Promise.race([batches.next(), broken]) }
      },
    }
  }
  const proxy = new Proxy(store, {
    get(target, property) {
      if (property === "watch") return watch
      const found = Reflect.get(target, property, target) as unknown
      return typeof found === "function" ? (found as () => unknown).bind(target) : found
    },
  })
  return { store: proxy, breakWatch: () => fail(new Error("connection lost")) }
}

async function start() {
  const clock = new SimulatedClock()
  const memory = createMemoryStore({ clock })
  const { store, breakWatch } = breakable(memory)
  const stop = new AbortController()
  const mirror = new Mirror({ store, clock, log: silentLogger, signal: stop.signal })
  const cache = mirror.addResource({ prefix, decoder })
  return { clock, memory, mirror, cache, breakWatch, stop }
}

test("holds what was there and what comes", async () => {
  const { memory, mirror, cache } = await start()
  await put(memory, "a")
  await mirror.start()
  expect(cache.list().map(({ key }) => key)).toEqual(["a"])
  await mirror.waitUntil(await put(memory, "b"))
  expect(cache.list().map(({ key }) => key)).toEqual(["a", "b"])
})

test("is as fresh as the store when asked, also when nothing of ours was written", async () => {
  const { memory, mirror } = await start()
  await mirror.start()
  const { revision } = await memory.txn({
    success: [{ op: "put", key: "/elsewhere", value: new Uint8Array() }],
  })
  expect(await mirror.fresh()).toBe(revision)
})

test("a resource that comes later claims the keys that were there", async () => {
  const { memory, mirror, cache } = await start()
  await memory.txn({
    success: [{ op: "put", key: "/registry/example.com/widgets/ns/w", value: value("w", "") }],
  })
  await mirror.start()
  const widgets = mirror.addResource({ prefix: "/registry/example.com/widgets/", decoder })
  expect(widgets.find("ns/w")?.object.metadata.name).toBe("w")
  mirror.removeResource(widgets.prefix)
  expect(mirror.findUnclaimed("/registry/example.com/widgets/ns/w")).toBeDefined()
  expect(cache.size).toBe(0)
})

test("when the stream breaks, everything is read anew; what was missed is not told, so watches end", async () => {
  const { clock, memory, mirror, cache, breakWatch } = await start()
  await put(memory, "a", "1")
  await put(memory, "gone")
  await mirror.start()
  const followed = new Map<string, unknown>()
  cache.follow({
    put: ({ key, object }) => void followed.set(key, (object.metadata as unknown as { x: string }).x),
    remove: ({ key }) => void followed.delete(key),
  })
  const watcher = cache.watchFrom(mirror.revision, {}, false)!
  breakWatch()
  await clock.advance(0)
  await put(memory, "a", "2")
  await memory.txn({ success: [{ op: "delete", key: `${prefix}gone` }] })
  const revision = await put(memory, "b")
  await memory.compact(revision)
  expect(cache.find("a")?.revision).toBeLessThan(revision - 1)
  const fresh = mirror.fresh()
  await clock.advance(1000)
  await fresh
  expect(watcher.ended).toBe("reset")
  expect(cache.list().map(({ key }) => key)).toEqual(["a", "b"])
  expect([...followed]).toEqual([
    ["a", "2"],
    ["b", ""],
  ])
  expect(cache.watchFrom(revision - 1, {}, false)).toBeUndefined()
  await mirror.waitUntil(await put(memory, "c"))
  expect(cache.size).toBe(3)
})
