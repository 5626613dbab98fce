import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import { podGroupLimits } from "./pod-group-limits.ts"
import { resizedSandbox, sandboxResources } from "./sandbox-resources.ts"

const settings = { ...defaultConfiguration(), podPidsLimit: -1 }
const container = (limits?: object, requests: object | undefined = limits) => ({
  name: "c",
  resources: { ...(limits && { limits }), ...(requests && { requests }) },
})
const pod = (spec: object): Pod => ({ metadata: { name: "p" }, spec, status: {} }) as unknown as Pod
const mebibyte = 2 ** 20

describe("what a pod's own control group is held to", () => {
  it("is what its containers may use together, where each of them is limited", () => {
    const limited = pod({ containers: [container({ cpu: "500m", memory: "64Mi" }), container({ cpu: "1" })] })
    expect(podGroupLimits(limited, settings)).toEqual({
      cpuShares: 1536,
      cpuPeriod: 100_000,
      cpuQuota: 150_000,
      hugePages: {},
    })
  })

  it("is what the pod says as a whole, and what it takes beside its containers", () => {
    const whole = pod({
      resources: { requests: { cpu: "1" }, limits: { cpu: "2", memory: "64Mi" } },
      overhead: { cpu: "100m", memory: "16Mi" },
      containers: [container(undefined, {})],
    })
    expect(podGroupLimits(whole, settings)).toEqual({
      cpuShares: 1126,
      cpuPeriod: 100_000,
      cpuQuota: 210_000,
      memoryBytes: 80 * mebibyte,
      hugePages: {},
    })
    const overhead = {
      cpuShares: 102,
      cpuPeriod: 100_000,
      cpuQuota: 10_000,
      memoryLimitInBytes: 16 * mebibyte,
    }
    const resources = {
      cpuShares: 1024,
      cpuPeriod: 100_000,
      cpuQuota: 200_000,
      memoryLimitInBytes: 64 * mebibyte,
    }
    expect(sandboxResources(whole, settings)).toEqual({ resources, overhead })
    expect(resizedSandbox(whole, settings)).toEqual({ resources, overhead })
  })

  it("is as many huge pages as it asks for", () => {
    const pages = { "hugepages-2Mi": "6Mi", memory: "1Gi" }
    const asking = pod({ containers: [container(pages), container({ "hugepages-1Gi": "1Gi" })] })
    expect(podGroupLimits(asking, settings).hugePages).toEqual({ "2MB": 6 * mebibyte, "1GB": 2 ** 30 })
  })

  it("knows no limit of nothing", () => {
    const zero = pod({
      containers: [container({ cpu: "1", memory: "0" }), container({ cpu: "0", memory: "1" })],
    })
    expect(podGroupLimits(zero, settings)).toEqual({ cpuShares: 1024, cpuPeriod: 100_000, hugePages: {} })
    expect(resizedSandbox(zero, settings).resources).toEqual({
      cpuShares: 1024,
      cpuPeriod: 100_000,
      cpuQuota: -1,
    })
  })
})
