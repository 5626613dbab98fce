import { describe, expect, it } from "vitest"
import type { Container } from "./container.ts"
import { computePodLimits, computePodRequests, formatAmounts } from "./pod-resources.ts"

function container(name: string, cpu: string, more: Partial<Container> = {}): Container {
  return { name, resources: { requests: { cpu }, limits: { cpu } }, ...more } as Container
}

const sidecar = { restartPolicy: "Always" }

describe("computePodRequests", () => {
  it("adds containers up and takes the greatest init container", () => {
    const spec = {
      containers: [container("a", "1"), container("b", "500m")],
      initContainers: [] as Container[],
    }
    expect(formatAmounts(computePodRequests({ spec }))).toEqual({ cpu: "1500m" })
    spec.initContainers = [container("i", "1"), container("j", "2")]
    expect(formatAmounts(computePodRequests({ spec }))).toEqual({ cpu: "2" })
  })

  it("counts a sidecar with the containers and with later init containers", () => {
    const early = [container("s", "1", sidecar), container("i", "4")]
    const containers = [container("a", "1"), container("b", "2")]
    expect(formatAmounts(computePodRequests({ spec: { containers, initContainers: early } }))).toEqual({
      cpu: "5",
    })
    const late = [container("i", "4"), container("s", "2", sidecar)]
    expect(formatAmounts(computePodRequests({ spec: { containers, initContainers: late } }))).toEqual({
      cpu: "5",
    })
  })

  it("lets the pod's own amounts stand for the sum, and adds overhead at last", () => {
    const spec = {
      containers: [container("a", "1")],
      resources: { requests: { cpu: "3", "example.com/gpu": "1" }, limits: { cpu: "4" } },
      overhead: { cpu: "100m", memory: "16Mi" },
    }
    expect(formatAmounts(computePodRequests({ spec }))).toEqual({ cpu: "3100m", memory: "16Mi" })
    expect(formatAmounts(computePodLimits({ spec }))).toEqual({ cpu: "4100m" })
    expect(
      formatAmounts(computePodRequests({ spec }, { containersOnly: true, excludeOverhead: true })),
    ).toEqual({ cpu: "1" })
  })

  it("counts the greater of wanted and running while a resize is under way", () => {
    const spec = { containers: [container("a", "1")] }
    const status = {
      containerStatuses: [
        { name: "a", resources: { requests: { cpu: "2" } }, allocatedResources: { cpu: "2" } } as never,
      ],
    }
    expect(formatAmounts(computePodRequests({ spec, status }))).toEqual({ cpu: "1" })
    expect(formatAmounts(computePodRequests({ spec, status }, { useStatus: true }))).toEqual({ cpu: "2" })
  })
})
