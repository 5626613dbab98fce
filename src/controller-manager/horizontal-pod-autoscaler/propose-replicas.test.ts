import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import {
  measureAverage,
  measureUtilization,
  proposeForPods,
  proposeForShare,
  proposeForValue,
} from "./propose-replicas.ts"

const nowMs = Date.parse("2026-01-01T01:00:00Z")
const tolerances = { up: 0.1, down: 0.1 }

interface Looks {
  readonly phase?: string
  readonly ready?: string
  readonly startedAgoS?: number
  readonly readyAgoS?: number
  readonly deleted?: boolean
}

function pod(name: string, looks: Looks = {}): Pod {
  const at = (agoS: number) => new Date(nowMs - agoS * 1000).toISOString().replace(".000", "")
  return {
    metadata: { name, ...(looks.deleted && { deletionTimestamp: at(1) }) },
    status: {
      phase: looks.phase ?? "Running",
      startTime: at(looks.startedAgoS ?? 3600),
      conditions: [
        { type: "Ready", status: looks.ready ?? "True", lastTransitionTime: at(looks.readyAgoS ?? 3500) },
      ],
    },
  } as unknown as Pod
}

/** Each pod requests 1000m; `percents` are what they use, undefined: not known. */
function utilization(target: number, pods: readonly Pod[], percents: readonly (number | undefined)[]) {
  const requests = new Map(pods.map(({ metadata }) => [metadata.name, 1000]))
  const metrics = new Map(
    pods.flatMap(({ metadata }, index) => {
      const percent = percents[index]
      const metric = { value: (percent ?? 0) * 10, timestampMs: nowMs - 15_000, windowMs: 10_000 }
      return percent === undefined ? [] : [[metadata.name, metric] as const]
    }),
  )
  return proposeForPods({
    currentReplicas: pods.length,
    pods,
    metrics,
    isCpu: true,
    tolerances,
    nowMs,
    measure: (counted) => measureUtilization(counted, requests, target),
    assumedValue: () => 10 * Math.max(100, target),
  }).replicas
}

describe("use of CPU", () => {
  const three = [pod("a"), pod("b"), pod("c")]

  it("asks for as many pods as bring it to the target", () => {
    expect(utilization(50, three, [100, 100, 100])).toBe(6)
    expect(utilization(50, three, [20, 20, 20])).toBe(2)
  })

  it("leaves alone what is near the target", () => {
    expect(utilization(50, three, [55, 54, 55])).toBe(3)
    expect(utilization(50, three, [45, 46, 47])).toBe(3)
  })

  it("takes pods without a measure to use nothing when more are needed, and all when fewer are", () => {
    expect(utilization(50, three, [100, 100, undefined])).toBe(4)
    expect(utilization(50, three, [10, 10, undefined])).toBe(3)
    expect(utilization(80, [...three, pod("d"), pod("e")], [10, 10, 10, 10, undefined])).toBe(2)
  })

  it("does nothing when assuming turns the direction", () => {
    expect(utilization(50, three, [60, undefined, undefined])).toBe(3)
  })

  it("does not count pods that start, or have never been ready", () => {
    const young = pod("d", { startedAgoS: 20, ready: "False", readyAgoS: 20 })
    expect(utilization(50, [...three, young], [100, 100, 100, 300])).toBe(6)
    expect(
      utilization(50, [...three, pod("d", { ready: "False", readyAgoS: 3590 })], [20, 20, 20, 500]),
    ).toBe(2)
    // It was ready once: its use counts, ready or not.
    expect(utilization(50, [pod("a", { ready: "False", readyAgoS: 60 })], [100])).toBe(2)
  })

  it("does not count pods that go", () => {
    const going = [pod("d", { deleted: true }), pod("e", { phase: "Failed" })]
    expect(utilization(50, [...three, ...going], [100, 100, 100, 100, 100])).toBe(6)
  })

  it("says so when nothing can be told", () => {
    expect(() => utilization(50, [], [])).toThrow(
      "no pods returned by selector while calculating replica count",
    )
    expect(() => utilization(50, [pod("a", { phase: "Pending" })], [100])).toThrow(
      "did not receive metrics for targeted pods (pods might be unready)",
    )
  })
})

it("an average is compared as it is", () => {
  const metrics = new Map(
    ["a", "b"].map((name) => [name, { value: 30_000, timestampMs: nowMs, windowMs: 0 }]),
  )
  const { replicas, usage } = proposeForPods({
    currentReplicas: 2,
    pods: [pod("a"), pod("b")],
    metrics,
    isCpu: false,
    tolerances,
    nowMs,
    measure: (counted) => measureAverage(counted, 20_000),
    assumedValue: () => 20_000,
  })
  expect(replicas).toBe(3)
  expect(usage.average).toBe(30_000)
})

it("a number for all together counts by the pods that are ready", () => {
  const pods = [pod("a"), pod("b"), pod("c", { ready: "False" })]
  const question = { currentReplicas: 3, pods, target: 100, tolerances }
  expect(proposeForValue({ ...question, value: 200 }).replicas).toBe(4)
  expect(proposeForValue({ ...question, value: 105 }).replicas).toBe(3)
  expect(proposeForValue({ ...question, currentReplicas: 0, value: 250 }).replicas).toBe(3)
})

it("a number of which each bears a share counts by itself", () => {
  const question = { statusReplicas: 4, target: 10_000, tolerances }
  const { replicas, usage } = proposeForShare({ ...question, value: 95_000 })
  expect(replicas).toBe(10)
  expect(usage.average).toBe(23_750)
  expect(proposeForShare({ ...question, value: 41_000 }).replicas).toBe(4)
})
