import { describe, expect, it } from "vitest"
import { Event } from "../../api/core/v1/event.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { settle } from "../../base/simulated/clock.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import { condition, get, podOf, prefix, startWorld, type World } from "../testing/simulated-world.ts"
import type { MachineShutdown, ShutdownTimes } from "./machine-shutdown.ts"
import { type ShutdownPeriod, shutdownPeriods } from "./plan-shutdown.ts"

/** A machine that goes down when the test says so, and notes whether it still waits. */
class TestMachine implements MachineShutdown {
  delayMs = 0
  locks = 0
  fail: Error | undefined
  #tell: ((goesDown: boolean) => void) | undefined
  readonly #told: boolean[] = []

  async ensureDelay(periodMs: number): Promise<void> {
    if (this.fail) throw this.fail
    this.delayMs = periodMs
  }

  async hold() {
    this.locks++
    let held = true
    return {
      release: () => {
        if (held) this.locks--
        held = false
      },
    }
  }

  tell(goesDown: boolean): void {
    this.#told.push(goesDown)
    this.#tell?.(goesDown)
  }

  async *follow(signal: AbortSignal): AsyncIterable<boolean> {
    while (!signal.aborted) {
      if (this.#told.length > 0) yield this.#told.shift()!
      else
        await new Promise<void>((resolve) => {
          this.#tell = () => resolve()
          signal.addEventListener("abort", () => resolve(), { once: true })
        })
    }
  }
}

async function start(periods: readonly ShutdownPeriod[], fail?: Error) {
  const machine = new TestMachine()
  machine.fail = fail
  const record = { times: { startMs: 1000, endMs: 2000 } as ShutdownTimes }
  const world = await startWorld({
    shutdown: {
      periods,
      machine,
      record: { load: async () => record.times, store: async (times) => void (record.times = times) },
    },
  })
  return { machine, record, world }
}

const periods = shutdownPeriods(
  defaultConfiguration({ shutdownGracePeriod: "30s", shutdownGracePeriodCriticalPods: "10s" }),
)
const critical = 2_000_000_000
const message = "Pod was terminated in response to imminent node shutdown."

async function run(world: World, name: string, spec: object, stopDelay: string): Promise<void> {
  await world.server.client.create(Pod, podOf(name, spec, { [`${prefix}stop-delay`]: stopDelay }))
  await world.clock.advance(1000)
}

const ready = async ({ server }: World) =>
  (await server.client.get(Node, { name: "node-1" })).status.conditions?.find(({ type }) => type === "Ready")

const gauges = ({ kubelet }: World) => {
  const lines: string[] = []
  const { shutdownStart, shutdownEnd } = kubelet.services.metrics
  for (const metric of [shutdownStart, shutdownEnd]) metric.write(lines)
  return lines.filter((line) => !line.startsWith("#")).map((line) => Number(line.split(" ")[1]))
}

describe("a node whose machine goes down", () => {
  it("holds the machine, ends pods by priority, tells why, and lets go", async () => {
    const { machine, record, world } = await start(periods)
    expect(machine).toMatchObject({ delayMs: 30_000, locks: 1 })
    expect(gauges(world)).toEqual([1, 2])
    await run(world, "normal", {}, "6s")
    await run(world, "critical", { priority: critical }, "3s")
    machine.tell(true)
    await world.clock.advance(1000)
    expect(await ready(world)).toMatchObject({
      status: "False",
      reason: "KubeletNotReady",
      message: "node is shutting down",
    })
    expect(gauges(world)[1]).toBe(0)
    // The critical one still runs as if nothing were.
    expect((await get(world, "critical")).status.containerStatuses?.[0]?.ready).toBe(true)
    expect(world.kubelet.workers.findByName("default", "critical")?.state.stage.kind).toBe("syncing")
    await world.clock.advance(5500)
    const normal = await get(world, "normal")
    expect(normal.status).toMatchObject({ phase: "Failed", reason: "Terminated", message })
    expect(condition(normal, "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "TerminationByKubelet",
      message,
    })
    expect(machine.locks).toBe(1)
    await world.clock.advance(4000)
    expect((await get(world, "critical")).status).toMatchObject({ phase: "Failed", reason: "Terminated" })
    expect(machine.locks).toBe(0)
    const [startS, endS] = gauges(world)
    expect(endS! - startS!).toBeGreaterThanOrEqual(9)
    expect(endS! - startS!).toBeLessThanOrEqual(11)
    expect(record.times.endMs).toBeDefined()
    const { items } = await world.server.client.list(Event, { namespace: "default" })
    expect(
      items.filter(({ reason }) => reason === "Shutdown").map(({ message: text, type }) => [type, text]),
    ).toEqual([["Normal", "Shutdown manager detected shutdown event"]])
  })

  it("takes no more pods, until it hears that it stays", async () => {
    const { machine, world } = await start(periods)
    machine.tell(true)
    await world.clock.advance(500)
    await run(world, "late", {}, "0s")
    expect((await get(world, "late")).status).toMatchObject({
      phase: "Failed",
      reason: "NodeShutdown",
      message: "Pod was rejected: Pod was rejected as the node is shutting down.",
    })
    expect(machine.locks).toBe(0)
    machine.tell(false)
    await world.clock.advance(1000)
    expect(machine.locks).toBe(1)
    expect(await ready(world)).toMatchObject({ status: "True" })
    await run(world, "later", {}, "0s")
    expect((await get(world, "later")).status.phase).toBe("Running")
  })

  it("goes on with the critical ones when the others take too long", async () => {
    const { machine, world } = await start(periods)
    await run(world, "slow", { terminationGracePeriodSeconds: 600 }, "60s")
    await run(world, "critical", { priority: critical }, "1s")
    // One that is being deleted gets no more than the others.
    await run(world, "deleted", { terminationGracePeriodSeconds: 600 }, "60s")
    await world.server.client.delete(Pod, { namespace: "default", name: "deleted" })
    await world.clock.advance(100)
    machine.tell(true)
    await world.clock.advance(19_000)
    expect(world.kubelet.workers.findByName("default", "critical")?.state.stage.kind).toBe("syncing")
    for (const name of ["slow", "deleted"])
      expect(world.kubelet.workers.findByName("default", name)?.state.stage).toMatchObject({
        kind: "terminating",
        gracePeriodSeconds: 20,
      })
    await world.clock.advance(4000)
    expect((await get(world, "critical")).status.phase).toBe("Failed")
    expect(machine.locks).toBe(0)
  })

  it("asks nothing of the machine without periods", async () => {
    const { machine, world } = await start([])
    await world.clock.advance(1000)
    expect(machine.locks).toBe(0)
  })

  it("tries again where the machine cannot be held", async () => {
    const { machine, world } = await start(periods, new Error("no bus"))
    await world.clock.advance(2000)
    expect(machine.locks).toBe(0)
    machine.fail = undefined
    await world.clock.advance(5000)
    await settle()
    expect(machine.locks).toBe(1)
  })
})
