import { describe, expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { containerResources, cpuAndMemory } from "./linux-resources.ts"
import { oomScoreAdjustment } from "./oom-score.ts"

it("turns requests and limits into shares, quota and bytes", () => {
  expect(cpuAndMemory({ requests: { cpu: "250m" }, limits: { cpu: "500m", memory: "64Mi" } })).toEqual({
    cpuShares: 256,
    cpuPeriod: 100_000,
    cpuQuota: 50_000,
    memoryLimitInBytes: 67_108_864,
  })
  expect(cpuAndMemory({ limits: { cpu: "2" } })).toEqual({
    cpuShares: 2048,
    cpuPeriod: 100_000,
    cpuQuota: 200_000,
  })
  expect(cpuAndMemory({ limits: { cpu: "1m" } })).toMatchObject({ cpuShares: 2, cpuQuota: 1000 })
  expect(cpuAndMemory()).toEqual({ cpuShares: 2 })
})

it.each([
  ["Guaranteed", {}, -997],
  ["BestEffort", {}, 1000],
  ["Burstable", { requests: { memory: "4Gi" } }, 500],
  ["Burstable", { requests: { cpu: "1" } }, 999],
  ["Burstable", { requests: { memory: "8Gi" } }, 3],
] as const)("lets a %s container with %o be killed with score %i", (qosClass, resources, score) => {
  const container = { name: "c", resources } as unknown as Container
  const pod = { spec: { containers: [container] }, status: { qosClass } } as unknown as Pod
  expect(oomScoreAdjustment(pod, container, 8 * 2 ** 30)).toBe(score)
})

describe("a pod that asks for resources as a whole", () => {
  const requesting = (name: string, memory: string, rest: object = {}) =>
    ({ name, resources: { requests: { memory } }, ...rest }) as unknown as Container
  const podOf = (spec: object) =>
    ({ spec: { containers: [], ...spec }, status: { qosClass: "Burstable" } }) as unknown as Pod

  it("holds containers without limits of their own to its own", () => {
    const resources = { requests: { cpu: "1" }, limits: { cpu: "2", memory: "64Mi" } }
    const own = { name: "own", resources: { limits: { memory: "32Mi" } } } as unknown as Container
    const none = { name: "none" } as unknown as Container
    const pod = podOf({ containers: [own, none], resources })
    const cpu = { cpuShares: 2048, cpuPeriod: 100_000, cpuQuota: 200_000 }
    expect(containerResources(pod, own, 2 ** 30)).toMatchObject({ ...cpu, memoryLimitInBytes: 32 * 2 ** 20 })
    expect(containerResources(pod, none, 2 ** 30)).toMatchObject({ ...cpu, memoryLimitInBytes: 64 * 2 ** 20 })
  })

  it("shares what its containers do not ask for when one must be killed", () => {
    const [a, b] = [requesting("a", "1Gi"), requesting("b", "2Gi")]
    const pod = podOf({ containers: [a, b], resources: { requests: { memory: "5Gi" } } })
    expect([a, b].map((each) => oomScoreAdjustment(pod, each, 10 * 2 ** 30))).toEqual([800, 700])
  })

  it("does not have a sidecar killed before those that it serves", () => {
    const sidecar = requesting("beside", "1Gi", { restartPolicy: "Always" })
    const pod = podOf({
      initContainers: [sidecar],
      containers: [requesting("a", "2Gi"), requesting("b", "4Gi")],
    })
    expect(oomScoreAdjustment(pod, sidecar, 10 * 2 ** 30)).toBe(800)
  })
})
