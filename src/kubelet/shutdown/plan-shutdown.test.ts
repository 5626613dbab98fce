import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { groupForShutdown, shutdownGraceSeconds, shutdownPeriods } from "./plan-shutdown.ts"

const pod = (priority?: number, terminationGracePeriodSeconds?: number): Pod =>
  ({ metadata: { name: String(priority) }, spec: { priority, terminationGracePeriodSeconds } }) as never

const periodsOf = (given: Partial<KubeletConfiguration>) => shutdownPeriods(defaultConfiguration(given))

describe("the order of a node's end", () => {
  it("keeps the last part of the time for critical pods", () => {
    expect(periodsOf({ shutdownGracePeriod: "30s", shutdownGracePeriodCriticalPods: "10s" })).toEqual([
      { priority: 0, shutdownGracePeriodSeconds: 20 },
      { priority: 2_000_000_000, shutdownGracePeriodSeconds: 10 },
    ])
  })

  it("does not wait without a period, or where the critical part is more than the whole", () => {
    expect(periodsOf({})).toEqual([])
    expect(periodsOf({ shutdownGracePeriodCriticalPods: "5s" })).toEqual([])
    expect(periodsOf({ shutdownGracePeriod: "5s", shutdownGracePeriodCriticalPods: "6s" })).toEqual([])
  })

  it("goes by priorities where they are given, the least first", () => {
    const given = [
      { priority: 2000, shutdownGracePeriodSeconds: 10 },
      { priority: 0, shutdownGracePeriodSeconds: 60 },
      { priority: 1000, shutdownGracePeriodSeconds: 30 },
    ]
    const periods = periodsOf({ shutdownGracePeriodByPodPriority: given })
    expect(periods.map(({ priority }) => priority)).toEqual([0, 1000, 2000])
    const groups = groupForShutdown(periods, [pod(2500), pod(1500), pod(1000), pod(), pod(-5), pod(2000)])
    expect(groups.map(({ priority, pods }) => [priority, pods.map((each) => each.metadata.name)])).toEqual([
      [0, ["undefined", "-5"]],
      [1000, ["1500", "1000"]],
      [2000, ["2500", "2000"]],
    ])
  })

  it("leaves out periods in which nobody ends", () => {
    const periods = periodsOf({ shutdownGracePeriod: "30s", shutdownGracePeriodCriticalPods: "10s" })
    expect(groupForShutdown(periods, [pod(2_000_001_000)]).map(({ priority }) => priority)).toEqual([
      2_000_000_000,
    ])
    expect(groupForShutdown(periods, [])).toEqual([])
  })

  it("gives a pod what it asks for, but not more than its group has", () => {
    const period = { priority: 0, shutdownGracePeriodSeconds: 20 }
    expect(shutdownGraceSeconds(pod(0, 5), period)).toBe(5)
    expect(shutdownGraceSeconds(pod(0, 60), period)).toBe(20)
    expect(shutdownGraceSeconds(pod(0), period)).toBe(20)
  })
})
