import { describe, expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import type { ProbeTarget } from "../node-host.ts"
import type { ProbeType } from "../pods/pod-state.ts"
import { PeriodicProber } from "./periodic-prober.ts"
import type { ProbeOutcome } from "./probe-counter.ts"

const success: ProbeOutcome = { kind: "success", message: "" }
const failure: ProbeOutcome = { kind: "failure", message: "no" }
const refused: ProbeOutcome = { ...failure, refused: true }

async function run(
  type: ProbeType,
  probe: object,
  answer: (atMs: number) => ProbeOutcome,
  forMs: number,
  known?: ProbeTarget["known"],
) {
  const clock = new SimulatedClock()
  const story: string[] = []
  const asked: number[] = []
  const prober = new PeriodicProber({
    clock,
    log: silentLogger,
    tryProbe: async () => {
      asked.push(clock.monotonic())
      return answer(clock.monotonic())
    },
  })
  const container = { name: "c", [`${type}Probe`]: probe } as unknown as Container
  const target = {
    container,
    type,
    startedAtMs: clock.now(),
    ...(known && { known }),
  } as unknown as ProbeTarget
  const stop = prober.start(target, {
    result: ({ success: ok }) => story.push(`${clock.monotonic()} ${ok}`),
    unhealthy: (message) => story.push(`${clock.monotonic()} ${message}`),
    warned: (message) => story.push(`${clock.monotonic()} ${message}`),
  })
  await clock.advance(forMs)
  stop()
  await clock.advance(60_000)
  return { story, asked }
}

describe("a probe", () => {
  it("begins after its delay and goes on by its period", async () => {
    const { asked } = await run(
      "readiness",
      { initialDelaySeconds: 2, periodSeconds: 5 },
      () => success,
      13_000,
    )
    expect(asked).toEqual([2000, 7000, 12_000])
  })

  it("tells each time that it passed in an odd way", async () => {
    const odd: ProbeOutcome = { kind: "success", message: "elsewhere", isWarning: true }
    const { story } = await run("liveness", { periodSeconds: 5 }, () => odd, 6000)
    expect(story).toEqual([
      "0 Liveness probe warning: elsewhere",
      "0 true",
      "5000 Liveness probe warning: elsewhere",
    ])
  })

  it("changes its result only after as many equal answers as its threshold says", async () => {
    const { story } = await run(
      "readiness",
      { periodSeconds: 1, successThreshold: 2, failureThreshold: 3 },
      (atMs) => (atMs < 3000 ? success : failure),
      7000,
    )
    expect(story).toEqual([
      "1000 true",
      "3000 Readiness probe failed: no",
      "4000 Readiness probe failed: no",
      "5000 Readiness probe failed: no",
      "5000 false",
      "6000 Readiness probe failed: no",
      "7000 Readiness probe failed: no",
    ])
  })

  it("stops once the container is to be killed", async () => {
    const { story } = await run("liveness", { periodSeconds: 1, failureThreshold: 2 }, () => failure, 9000)
    expect(story.filter((line) => line.endsWith("false"))).toEqual(["1000 false"])
    expect(story).toHaveLength(3)
  })

  it("asks again soon when nobody listens yet, and counts that only from the last try on", async () => {
    const { story, asked } = await run(
      "readiness",
      { periodSeconds: 10 },
      (atMs) => (atMs < 300 ? refused : success),
      5000,
    )
    expect(asked).toEqual([0, 50, 150, 350])
    expect(story).toEqual(["350 true"])
  })

  it("says when it could not be tried, and changes nothing", async () => {
    const answer = () => ({ kind: "unknown", message: "rpc error" }) as const
    const { story } = await run("liveness", { periodSeconds: 10 }, answer, 5000)
    expect(story).toEqual(["0 Liveness probe errored and resulted in unknown state: rpc error"])
  })

  it("tells only what differs from what was known", async () => {
    const known = { success: true, message: "" }
    expect((await run("readiness", { periodSeconds: 1 }, () => success, 3000, known)).story).toEqual([])
  })
})

it("tells how long each try took", async () => {
  const clock = new SimulatedClock()
  const told: unknown[] = []
  const prober = new PeriodicProber({
    clock,
    log: silentLogger,
    tryProbe: async () => {
      await new Promise<void>((resolve) => clock.after(30, resolve))
      return failure
    },
  })
  const container = { name: "c", livenessProbe: { periodSeconds: 1 } } as unknown as Container
  const target = { container, type: "liveness", startedAtMs: clock.now() } as unknown as ProbeTarget
  const ignore = () => {}
  const tried = (...what: unknown[]) => void told.push(what)
  const stop = prober.start(target, { result: ignore, unhealthy: ignore, warned: ignore, tried })
  await clock.advance(1500)
  stop()
  expect(told).toEqual([
    ["failure", 30],
    ["failure", 30],
  ])
})
