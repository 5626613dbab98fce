import { describe, expect, it } from "vitest"
import { Pod } from "../../api/core/v1/pod.ts"
import { get, podOf, prefix, startWorld } from "../testing/simulated-world.ts"

/** Two sidecars and a main container; `first` has started before `second`. */
const names = ["main", "second", "first"] as const

interface Ending {
  /** How long each takes to end after the stop signal. @default no time */
  readonly stopDelays?: Readonly<Partial<Record<(typeof names)[number], string>>>
  /** How long each one's preStop hook sleeps. @default there is none */
  readonly hooks?: Readonly<Partial<Record<(typeof names)[number], number>>>
}

/** Deletes a pod with ten seconds' patience; resolves to when its containers ended, in seconds from then, as `names` are. */
async function endOf({ stopDelays = {}, hooks = {} }: Ending): Promise<number[]> {
  const world = await startWorld()
  const container = (name: (typeof names)[number], more: object = {}) => ({
    name,
    image: "app:1",
    ...(hooks[name] && { lifecycle: { preStop: { sleep: { seconds: hooks[name] } } } }),
    ...more,
  })
  const always = { restartPolicy: "Always" }
  const spec = {
    terminationGracePeriodSeconds: 10,
    initContainers: [container("first", always), container("second", always)],
    containers: [container("main")],
  }
  const annotations = Object.fromEntries(
    Object.entries(stopDelays).map(([name, delay]) => [`${prefix}${name}.stop-delay`, delay]),
  )
  const held = podOf("held", spec, annotations)
  held.metadata!.finalizers = ["example.com/held"]
  await world.server.client.create(Pod, held)
  await world.clock.advance(3000)
  const deletedMs = world.clock.now()
  await world.server.client.delete(Pod, { namespace: "default", name: "held" })
  await world.clock.advance(60_000)
  const { status } = await get(world, "held")
  const all = [...status.containerStatuses!, ...status.initContainerStatuses!]
  return names.map((name) => {
    const { terminated } = all.find((each) => each.name === name)!.state
    return Math.round((Date.parse(terminated!.finishedAt) - deletedMs) / 1000)
  })
}

describe("the end of a pod with sidecars", () => {
  it("comes to the main container first, then to the sidecars, the last first", async () => {
    expect(await endOf({ stopDelays: { main: "3s", second: "1s", first: "1s" } })).toEqual([3, 4, 5])
  })

  it("is told to all of them at once", async () => {
    expect(await endOf({ hooks: { main: 3, second: 4, first: 4 } })).toEqual([3, 4, 4])
  })

  it("comes to all who are left when the patience is over", async () => {
    const never = "1h"
    expect(await endOf({ stopDelays: { main: never, second: never, first: never } })).toEqual([10, 12, 12])
    expect(await endOf({ hooks: { main: 10 }, stopDelays: { main: never, first: never } })).toEqual([
      12, 10, 12,
    ])
  })
})
