import { expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { cpuAndMemory, oomScoreAdjustment } from "./linux-resources.ts"

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
  const pod = { spec: {}, status: { qosClass } } as unknown as Pod
  const container = { name: "c", resources } as unknown as Container
  expect(oomScoreAdjustment(pod, container, 8 * 2 ** 30)).toBe(score)
})
