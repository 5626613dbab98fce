import { describe, expect, it } from "vitest"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { planNodeResources } from "./plan-node-resources.ts"

const gibibyte = 2 ** 30
const size = {
  cpus: 8,
  memoryBytes: 16 * gibibyte,
  diskBytes: 100 * gibibyte,
  hugePages: { "hugepages-1Gi": 0, "hugepages-2Mi": 0 },
  maxProcesses: 32_768,
}
const { hugePages } = size
const plan = (given: Partial<KubeletConfiguration> = {}, machine = size) =>
  planNodeResources(machine, defaultConfiguration(given))

describe("what pods may ask for", () => {
  it("is what there is, less what would lead to an eviction", () => {
    const { capacity, allocatable, pods } = plan()
    expect(capacity).toEqual({
      cpu: "8",
      memory: "16Gi",
      "ephemeral-storage": "100Gi",
      "hugepages-1Gi": "0",
      "hugepages-2Mi": "0",
      pods: "110",
    })
    expect(allocatable).toMatchObject({
      cpu: "8",
      memory: "16284Mi",
      "ephemeral-storage": "90Gi",
    })
    expect(pods).toEqual({ milliCpu: 8000, memoryBytes: 16 * gibibyte, processes: 32_768, hugePages })
  })

  it("is less by what is reserved; pods are held to that, and may take what evictions would free", () => {
    const { allocatable, pods } = plan({
      kubeReserved: { cpu: "500m", memory: "1Gi" },
      systemReserved: { cpu: "250m", memory: "1Gi", pid: "1000", "ephemeral-storage": "10Gi" },
      evictionHard: { "memory.available": "50%", "nodefs.available": "10Gi" },
    })
    expect(allocatable).toMatchObject({ cpu: "7250m", memory: "6Gi", "ephemeral-storage": "80Gi" })
    expect(pods).toEqual({ milliCpu: 7250, memoryBytes: 14 * gibibyte, processes: 31_768, hugePages })
  })

  it("counts reserved processors instead of an amount of them", () => {
    const { allocatable } = plan({ reservedSystemCPUs: "0,7", kubeReserved: { cpu: "3" } })
    expect(allocatable["cpu"]).toBe("6")
  })

  it("does not count huge pages as memory", () => {
    const hugePages = { "hugepages-1Gi": 0, "hugepages-2Mi": 2 * gibibyte }
    const { capacity, allocatable } = plan({ evictionHard: {} }, { ...size, hugePages })
    expect(capacity).toMatchObject({ memory: "16Gi", "hugepages-2Mi": "2Gi" })
    expect(allocatable).toMatchObject({ memory: "14Gi", "hugepages-2Mi": "2Gi" })
  })

  it("is so many pods, by the node or by its processors", () => {
    expect(plan({ podsPerCore: 5 }).allocatable["pods"]).toBe("40")
    expect(plan({ podsPerCore: 50, maxPods: 60 }).capacity["pods"]).toBe("60")
  })

  it("is everything where nothing is enforced", () => {
    const nothing = { enforceNodeAllocatable: [], kubeReserved: { memory: "1Gi" } }
    expect(plan(nothing).pods.memoryBytes).toBe(16 * gibibyte)
  })

  it("cannot be less than nothing", () => {
    expect(() => plan({ kubeReserved: { memory: "20Gi" }, evictionHard: {} })).toThrow(
      'invalid Node Allocatable configuration. Resource "memory" has a reservation of 20Gi but capacity of 16Gi. Expected capacity >= reservation.',
    )
  })
})
