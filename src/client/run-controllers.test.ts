import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Event } from "../api/core/v1/event.ts"
import { keyOf } from "../apimachinery/meta.ts"
import { ignoreAlreadyExists } from "../apimachinery/status-error.ts"
import { type Logger, silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { type ControllerDefinition, done, requeueAfter, TerminalError, watch } from "./controller.ts"
import { createInformers } from "./informers.ts"
import { runControllers } from "./run-controllers.ts"

const clock = () => new SimulatedClock()
let time: SimulatedClock
let server: TestServer
let abort: AbortController
let logged: string[]

beforeEach(async () => {
  time = clock()
  server = await startTestServer({ clock: time })
  abort = new AbortController()
  logged = []
})
afterEach(async () => {
  abort.abort()
  await server.stop()
})

/** Runs controllers over config maps; `delayWatch` keeps watch events back, as a slow network does. */
async function run(controllers: readonly ControllerDefinition[], delayMs = 0): Promise<void> {
  const random = new SeededRandom("run")
  const log: Logger = {
    ...silentLogger,
    error: (message, values) => logged.push(`${message} ${String(values?.["key"])}`),
    named: () => log,
  }
  const { client } = server
  const slow = {
    ...client,
    async watch(...parameters: Parameters<typeof client.watch>) {
      const events = await client.watch(...parameters)
      return (async function* () {
        for await (const event of events) {
          if (delayMs > 0) await new Promise<void>((resolve) => time.after(delayMs, resolve))
          yield event
        }
      })()
    },
  }
  const informers = createInformers({ client: slow as typeof client, clock: time, random, log })
  void runControllers({ controllers, client, informers, clock: time, random, log, signal: abort.signal })
  informers.start(abort.signal)
  await time.advance(delayMs * 3 + 10)
}

const definition = (
  reconcile: ControllerDefinition["reconcile"],
  name = "test-controller",
): ControllerDefinition => ({
  name,
  watches: [watch(ConfigMap, (configMap) => [keyOf(configMap)])],
  reconcile,
})

const key = { namespace: "default", name: "a" }
const create = (name = "a") => server.client.create(ConfigMap, { metadata: { namespace: "default", name } })

describe("runControllers", () => {
  it("shows a reconciler its own writes, however slow the watch is", async () => {
    const seen: number[] = []
    const controller: ControllerDefinition = {
      ...definition(async (_, { client, cache }) => {
        const count = cache.list(ConfigMap, {
          where: ({ metadata }) => metadata.name.startsWith("child"),
        }).length
        seen.push(count)
        if (count >= 3) return done
        await client.create(ConfigMap, { metadata: { namespace: "default", generateName: "child-" } })
        return requeueAfter(1)
      }),
      watches: [watch(ConfigMap, () => [key])],
    }
    await run([controller], 1000)
    await create()
    await time.advance(20_000)
    expect(seen.slice(0, 4)).toEqual([0, 1, 2, 3])
    const { items } = await server.client.list(ConfigMap)
    expect(items.filter(({ metadata }) => metadata.name.startsWith("child"))).toHaveLength(3)
  })

  it("shows it its deletions too", async () => {
    const left: boolean[] = []
    await run(
      [
        definition(async (target, { client, cache }) => {
          if (target.name !== "a") return done
          left.push(cache.find(ConfigMap, target) !== undefined)
          await client.delete(ConfigMap, target).catch(() => {})
          return left.length < 3 ? requeueAfter(1) : done
        }),
      ],
      1000,
    )
    await create()
    await time.advance(20_000)
    expect(left).toEqual([true, false, false])
  })

  it("tries again with back-off when it throws, and gives up on a TerminalError", async () => {
    const times: number[] = []
    await run([
      definition(async ({ name }) => {
        if (name === "b") {
          times.push(-1)
          throw new TerminalError("never")
        }
        if (name === "a") {
          times.push(Math.round(time.monotonic()))
          throw new Error("not yet")
        }
        return done
      }),
    ])
    const start = time.monotonic()
    await create()
    await time.advance(100)
    expect(times.map((ms) => ms - start)).toEqual([0, 5, 15, 35, 75])
    times.length = 0
    await create("b")
    await time.advance(1)
    expect(times).toEqual([-1])
    expect(logged).toContain("gave up until the object changes default/b")
  })

  it("keeps one controller's mistake from another", async () => {
    const reached: string[] = []
    const broken = definition(() => {
      throw new Error("broken at once")
    }, "broken-controller")
    const working = definition(async ({ name }) => {
      reached.push(name)
      return done
    })
    await run([broken, working])
    await create()
    await time.advance(10)
    expect(reached).toContain("a")
  })

  it("records events under the controller's name", async () => {
    await run([
      definition(async (target, { cache, events }) => {
        const configMap = cache.find(ConfigMap, target)
        if (configMap?.metadata.name === "a") events.event(configMap, "Normal", "Looked", "looked at it")
        return done
      }),
    ])
    const about = await create()
    await time.advance(10)
    const [event] = (await server.client.list(Event)).items
    expect(event).toMatchObject({
      involvedObject: {
        apiVersion: "v1",
        kind: "ConfigMap",
        namespace: "default",
        name: "a",
        uid: about.metadata.uid,
      },
      type: "Normal",
      reason: "Looked",
      message: "looked at it",
      count: 1,
      source: { component: "test-controller" },
      reportingComponent: "test-controller",
      firstTimestamp: "2026-01-01T00:00:00Z",
    })
    expect(event!.metadata.name).toMatch(/^a\.[0-9a-f]+$/)
  })

  it("does not wake for changes that it ignores", async () => {
    let woken = 0
    const controller: ControllerDefinition = {
      ...definition(async () => {
        woken++
        return done
      }),
      watches: [
        watch(
          ConfigMap,
          ({ metadata }) => (metadata.name === "a" ? [key] : []),
          undefined,
          (current, previous) => current.data?.["x"] === previous.data?.["x"],
        ),
      ],
    }
    await run([controller])
    const created = await create()
    await time.advance(10)
    const changed = await server.client.update(ConfigMap, { ...created, data: { y: "1" } })
    await time.advance(10)
    expect(woken).toBe(1)
    await server.client.update(ConfigMap, { ...changed, data: { x: "1" } })
    await time.advance(10)
    expect(woken).toBe(2)
  })

  it("is asked by what it attached at run time", async () => {
    const reached: string[] = []
    const controller: ControllerDefinition = {
      ...definition(async ({ name }) => {
        reached.push(name)
        return done
      }),
      watches: [],
      attach: (enqueue) => enqueue({ name: "from-outside" }),
    }
    await run([controller])
    expect(reached).toEqual(["from-outside"])
    await create().catch(ignoreAlreadyExists)
  })
})
