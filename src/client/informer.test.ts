import { describe, expect, it } from "vitest"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock, settle } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import { resource } from "../apimachinery/resource.ts"
import { message } from "../apimachinery/schema.ts"
import { StatusError } from "../apimachinery/status-error.ts"
import { createClient } from "./create-client.ts"
import { createInformers } from "./informers.ts"
import type { ApiRequest, RawWatchEvent, Transport } from "./transport.ts"

const Thing = resource<KubeObject>({
  group: "test",
  version: "v1",
  kind: "Thing",
  plural: "things",
  namespaced: true,
  schema: message("", {}),
})

type Step = RawWatchEvent | "end" | StatusError

/** Answers each watch with the steps written for it, then leaves it open; lists with what it is told to. */
class ScriptedTransport implements Transport {
  readonly requests: ApiRequest[] = []
  readonly watches: Step[][]
  readonly lists: unknown[]

  constructor(watches: Step[][], lists: unknown[] = []) {
    this.watches = watches
    this.lists = lists
  }

  request(request: ApiRequest) {
    this.requests.push(request)
    return Promise.resolve({ status: 200, body: this.lists.shift() })
  }

  watch(request: ApiRequest): Promise<AsyncIterable<RawWatchEvent>> {
    this.requests.push(request)
    const steps = this.watches.shift() ?? []
    const [first] = steps
    if (first instanceof StatusError) return Promise.reject(first)
    return Promise.resolve(play(steps))
  }

  stream(): Promise<AsyncIterable<Uint8Array>> {
    throw new Error("not scripted")
  }
}

async function* play(steps: readonly Step[]): AsyncIterable<RawWatchEvent> {
  for (const step of steps) {
    if (step === "end") return
    if (step instanceof StatusError) throw step
    yield step
  }
  await new Promise(() => {})
}

function thing(name: string, version: number, owner?: string, namespace = "default"): KubeObject {
  const ownerReferences = owner
    ? [{ apiVersion: "v1", kind: "Owner", name: owner, uid: owner, controller: true }]
    : []
  const metadata = {
    name,
    namespace,
    uid: `uid-${name}`,
    resourceVersion: String(version),
    creationTimestamp: "2026-01-01T00:00:00Z",
    ownerReferences,
  }
  return { apiVersion: "test/v1", kind: "Thing", metadata }
}

const added = (object: KubeObject): RawWatchEvent => ({ type: "ADDED", object })
const modified = (object: KubeObject): RawWatchEvent => ({ type: "MODIFIED", object })
const deleted = (object: KubeObject): RawWatchEvent => ({ type: "DELETED", object })
const initialEnd = (version: number): RawWatchEvent => ({
  type: "BOOKMARK",
  object: {
    kind: "Thing",
    metadata: { resourceVersion: String(version), annotations: { "k8s.io/initial-events-end": "true" } },
  },
})
const expired = new StatusError("Expired", "too old resource version")

async function follow(transport: ScriptedTransport) {
  const clock = new SimulatedClock()
  const random = new SeededRandom("informer")
  const client = createClient(transport)
  const informers = createInformers({ client, clock, random, log: silentLogger })
  const told: string[] = []
  informers.onChange(Thing, (current, previous) =>
    told.push(`${version(previous)}>${version(current)} ${(current ?? previous)?.metadata.name}`),
  )
  const stop = new AbortController()
  informers.start(stop.signal)
  await settle()
  return { clock, informers, told, names: () => informers.cache.list(Thing).map((one) => one.metadata.name) }
}

const version = (object: KubeObject | undefined) => object?.metadata.resourceVersion ?? "-"

describe("Informer", () => {
  it("takes the initial events as one state, then follows", async () => {
    const transport = new ScriptedTransport([
      [
        added(thing("a", 1)),
        added(thing("b", 2)),
        initialEnd(5),
        modified(thing("a", 6)),
        deleted(thing("b", 7)),
      ],
    ])
    const { informers, told, names } = await follow(transport)
    await informers.synced()
    expect(told).toEqual(["->1 a", "->2 b", "1>6 a", "2>- b"])
    expect(names()).toEqual(["a"])
    expect(transport.requests[0]?.query).toMatchObject({
      sendInitialEvents: "true",
      allowWatchBookmarks: "true",
    })
  })

  it("is not synced before the bookmark that ends the initial events", async () => {
    const { informers, told } = await follow(new ScriptedTransport([[added(thing("a", 1))]]))
    expect(informers.for(Thing).hasSynced).toBe(false)
    expect(told).toEqual([])
  })

  it.each([
    new StatusError("Invalid", "sendInitialEvents is forbidden for watch"),
    new StatusError("InternalError", "the required storage feature RequestWatchProgress is disabled"),
  ])("lists where the server has no initial events: %s", async (refused) => {
    const list = { metadata: { resourceVersion: "9" }, items: [thing("a", 1)] }
    const transport = new ScriptedTransport([[refused], [added(thing("b", 10))]], [list])
    const { names } = await follow(transport)
    expect(names()).toEqual(["a", "b"])
    expect(transport.requests.at(-1)?.query?.["resourceVersion"]).toBe("9")
  })

  it("resumes where a watch stopped, bookmarks included", async () => {
    const bookmark: RawWatchEvent = { type: "BOOKMARK", object: { metadata: { resourceVersion: "8" } } }
    const transport = new ScriptedTransport([[initialEnd(5), bookmark, "end"], [added(thing("a", 9))]])
    const { names } = await follow(transport)
    expect(transport.requests[1]?.query?.["resourceVersion"]).toBe("8")
    expect(names()).toEqual(["a"])
  })

  it("tells the difference when the server has forgotten where it was", async () => {
    const transport = new ScriptedTransport([
      [added(thing("a", 1)), added(thing("b", 2)), added(thing("c", 3)), initialEnd(5), "end"],
      [expired],
      [added(thing("b", 2)), added(thing("c", 8)), added(thing("d", 9)), initialEnd(10)],
    ])
    const { clock, told, names } = await follow(transport)
    await clock.advance(2000)
    expect(told.slice(3)).toEqual(["1>- a", "3>8 c", "->9 d"])
    expect(names()).toEqual(["b", "c", "d"])
  })

  it("waits longer and longer while the server ends watches at once", async () => {
    const transport = new ScriptedTransport([[initialEnd(5), "end"], ["end"], ["end"], ["end"]])
    const { clock } = await follow(transport)
    expect(transport.requests).toHaveLength(2)
    await clock.advance(799)
    expect(transport.requests).toHaveLength(2)
    await clock.advance(801)
    expect(transport.requests).toHaveLength(3)
  })

  it("says when a version is reached and when an object is forgotten", async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const transport = new ScriptedTransport([])
    transport.watch = async () =>
      (async function* () {
        yield added(thing("a", 1))
        yield initialEnd(5)
        await gate
        yield modified(thing("a", 7))
        yield deleted(thing("a", 8))
        await new Promise(() => {})
      })()
    const { informers } = await follow(transport)
    const seen: string[] = []
    const informer = informers.for(Thing)
    await informers.reached(Thing, "5")
    void informers.reached(Thing, "7").then(() => seen.push("7"))
    void informer.forgotten({ namespace: "default", name: "a" }, "uid-a").then(() => seen.push("gone"))
    await settle()
    expect(seen).toEqual([])
    release()
    await settle()
    expect(seen).toEqual(["7", "gone"])
  })

  it("finds by namespace, owner and named index", async () => {
    const transport = new ScriptedTransport([
      [
        added(thing("a", 1, "x")),
        added(thing("b", 2, "y", "other")),
        added(thing("c", 3, "x")),
        initialEnd(5),
      ],
    ])
    const { informers } = await follow(transport)
    informers.addIndex(Thing, "initial", (object) => [object.metadata.name[0]!])
    const { cache } = informers
    const names = (objects: readonly KubeObject[]) => objects.map((object) => object.metadata.name)
    expect(names(cache.list(Thing, { namespace: "other" }))).toEqual(["b"])
    expect(names(cache.ownedBy(Thing, "x"))).toEqual(["a", "c"])
    expect(names(cache.byIndex(Thing, "initial", "b"))).toEqual(["b"])
    expect(() => cache.byIndex(Thing, "nothing", "b")).toThrow("no index")
  })

  it("keeps following when a handler throws", async () => {
    const transport = new ScriptedTransport([[initialEnd(5), added(thing("a", 6)), added(thing("b", 7))]])
    const { informers } = await follow(transport)
    const told: string[] = []
    informers.onChange(Thing, () => {
      throw new Error("mistake")
    })
    informers.onChange(Thing, (current) => told.push(current!.metadata.name))
    expect(told).toEqual(["a", "b"])
  })
})
