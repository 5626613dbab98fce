import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Service } from "../api/core/v1/service.ts"
import { createMemoryStore } from "../etcd/memory/memory-store.ts"
import { realClock } from "../base/real/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import type { Store, StoreEvent, Watch, WatchBatch, WatchRequest } from "../etcd/store.ts"
import { startTestServer, type TestServer } from "./testing.ts"

/*
 * Several API servers on one store. Each sees the others' writes late, as it would over a network; no client may notice.
 */

let store: Store
let servers: TestServer[]
beforeEach(async () => {
  store = createMemoryStore({ clock: realClock })
  servers = []
  for (const name of ["a", "b"]) {
    servers.push(await startTestServer({ store: late(store), random: new SeededRandom(name) }))
  }
})
afterEach(async () => {
  for (const server of servers) await server.stop()
  await store.close()
})

/** The store as seen by a server whose watch lags behind by some milliseconds. */
function late(original: Store): Store {
  return new Proxy(original, {
    get(target, property) {
      if (property === "watch") return (request: WatchRequest) => lateWatch(target.watch(request))
      const value = Reflect.get(target, property, target) as unknown
      return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value
    },
  })
}

function lateWatch(watch: Watch): Watch {
  return {
    started: watch.started,
    requestProgress: () => watch.requestProgress(),
    close: () => watch.close(),
    async *[Symbol.asyncIterator](): AsyncGenerator<
      WatchBatch & { events: readonly StoreEvent[] },
      void,
      void
    > {
      for await (const batch of watch) {
        await new Promise((resolve) => setTimeout(resolve, 3))
        yield batch
      }
    },
  }
}

const key = (name: string) => ({ namespace: "default", name })

describe("a client that talks to one server and then to another", () => {
  test("reads what was written before", async () => {
    const [a, b] = servers
    for (let round = 0; round < 10; round++) {
      const made = await a!.client.create(ConfigMap, { metadata: key(`c${round}`), data: { x: "1" } })
      const seen = await b!.client.get(ConfigMap, made.metadata)
      expect(seen.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
      const listed = await b!.client.list(ConfigMap, { namespace: "default" })
      expect(listed.items.length).toBe(round + 1)
      const updated = await b!.client.update(ConfigMap, { ...seen, data: { x: "2" } })
      expect((await a!.client.get(ConfigMap, key(`c${round}`))).metadata.resourceVersion).toBe(
        updated.metadata.resourceVersion,
      )
    }
  })

  test("is not refused for a state that was already history", async () => {
    const [a, b] = servers
    await a!.client.create(ConfigMap, { metadata: key("c") })
    await a!.client.delete(ConfigMap, key("c"))
    // The other server may still see it; the name is free nevertheless.
    const again = await b!.client.create(ConfigMap, { metadata: key("c") })
    const patch = { type: "merge", body: { data: { x: "1" } } } as const
    const patched = await a!.client.patch(ConfigMap, key("c"), patch)
    expect(patched.metadata.uid).toBe(again.metadata.uid)
  })
})

test("of two writers with the same version one wins", async () => {
  const [a, b] = servers
  const made = await a!.client.create(ConfigMap, { metadata: key("c") })
  const write = ({ client }: TestServer, x: string) => client.update(ConfigMap, { ...made, data: { x } })
  const outcomes = await Promise.allSettled([write(a!, "1"), write(b!, "2")])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
})

test("counters that everybody increments by patch lose nothing", async () => {
  await servers[0]!.client.create(ConfigMap, { metadata: key("counter"), data: {} })
  const count = 40
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      servers[index % 2]!.client.patch(ConfigMap, key("counter"), {
        type: "merge",
        body: { data: { [`k${index}`]: "1" } },
      }),
    ),
  )
  const { data = {} } = await servers[1]!.client.get(ConfigMap, key("counter"))
  expect(Object.keys(data).length).toBe(count)
})

test("an address is never given twice", async () => {
  const made = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      servers[index % 2]!.client.create(Service, {
        metadata: key(`s${index}`),
        spec: { type: "NodePort", ports: [{ port: 80 }] },
      }),
    ),
  )
  expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(40)
  expect(new Set(made.map(({ spec }) => spec.ports![0]!.nodePort)).size).toBe(40)
})

test("everybody's watches tell the same in the same order", async () => {
  const from = (await servers[0]!.client.list(ConfigMap)).metadata.resourceVersion
  const observe = async ({ client }: TestServer) => {
    const seen: string[] = []
    for await (const { type, object } of await client.watch(ConfigMap, { resourceVersion: from })) {
      seen.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion}`)
      if (seen.length === 30) return seen
    }
    return seen
  }
  const observed = Promise.all(servers.map(observe))
  await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      servers[index % 2]!.client.create(ConfigMap, { metadata: key(`w${index}`) }),
    ),
  )
  const [first, second] = await observed
  expect(second).toEqual(first)
})
