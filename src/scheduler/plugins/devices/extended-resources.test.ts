import { describe, expect, it } from "vitest"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import { planExtendedClaim } from "./extended-resources.ts"

const gpu = "example.com/gpu"
const classes = new Map([[gpu, { metadata: { name: "gpu" } } as DeviceClass]])

function container(name: string, gpus: number, more: object = {}) {
  return { name, resources: { requests: { cpu: "1", ...(gpus > 0 && { [gpu]: String(gpus) }) } }, ...more }
}

function plan(initContainers: object[], containers: object[]) {
  const { requests, mappings } = planExtendedClaim({ spec: { initContainers, containers } } as Pod, classes)
  return {
    requests: requests.map(({ name, exactly }) => `${name}: ${exactly!.count}`),
    mappings: mappings.map(({ containerName, requestName }) => `${containerName}: ${requestName}`),
  }
}

describe("the claim for extended resources", () => {
  it("has a request for each container that goes on running", () => {
    expect(plan([], [container("a", 2), container("none", 0), container("b", 1)])).toEqual({
      requests: ["container-0-request-1: 2", "container-2-request-1: 1"],
      mappings: ["a: container-0-request-1", "b: container-2-request-1"],
    })
  })

  it("lets init containers that end use what those after them will have", () => {
    expect(plan([container("init", 1)], [container("a", 2)])).toEqual({
      requests: ["container-1-request-1: 2"],
      mappings: ["a: container-1-request-1", "init: container-1-request-1"],
    })
  })

  it("asks once for what init containers want beyond, as much as the greediest", () => {
    expect(plan([container("some", 3), container("most", 5)], [container("a", 2)])).toEqual({
      requests: ["container-1-request-1: 3", "container-2-request-1: 2"],
      mappings: [
        "a: container-2-request-1",
        "some: container-2-request-1",
        "most: container-2-request-1",
        "some: container-1-request-1",
        "most: container-1-request-1",
      ],
    })
  })

  it("counts a sidecar with the containers, and not for those that end before it begins", () => {
    const sidecar = container("sidecar", 1, { restartPolicy: "Always" })
    expect(plan([sidecar, container("init", 2)], [container("a", 1)])).toEqual({
      requests: ["container-0-request-1: 1", "container-1-request-1: 1", "container-2-request-1: 1"],
      mappings: [
        "sidecar: container-0-request-1",
        "a: container-2-request-1",
        "init: container-2-request-1",
        "init: container-1-request-1",
      ],
    })
  })
})
