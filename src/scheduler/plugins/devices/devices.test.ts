import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import type { Draft } from "../../../apimachinery/meta.ts"
import { startTestScheduler, type TestScheduler } from "../../testing.ts"

let cluster: TestScheduler

beforeEach(async () => {
  cluster = await startTestScheduler()
  await cluster.client.create(DeviceClass, {
    metadata: { name: "gpu" },
    spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] },
  })
})

afterEach(() => cluster.stop())

const using = (...names: string[]): Draft<Pod["spec"]> => ({
  resourceClaims: names.map((name) => ({ name, resourceClaimName: name })),
})

/** GPUs of a node: memory in Gi, and which of two sockets each is on. */
function offer(nodeName: string, ...gpus: [memory: number, socket: string][]) {
  return cluster.client.create(ResourceSlice, {
    metadata: { name: `${nodeName}-gpus` },
    spec: {
      driver: "gpu.example.com",
      nodeName,
      pool: { name: nodeName, generation: 1, resourceSliceCount: 1 },
      devices: gpus.map(([memory, socket], index) => ({
        name: `gpu-${index}`,
        attributes: { socket: { string: socket } },
        capacity: { memory: { value: `${memory}Gi` } },
      })),
    },
  })
}

function claim(name: string, parts: { count?: number; expression?: string; match?: string } = {}) {
  const { count = 1, expression, match } = parts
  return cluster.client.create(ResourceClaim, {
    metadata: { namespace: "default", name },
    spec: {
      devices: {
        requests: [
          {
            name: "gpu",
            exactly: {
              deviceClassName: "gpu",
              allocationMode: "ExactCount",
              count,
              ...(expression && { selectors: [{ cel: { expression } }] }),
            },
          },
        ],
        ...(match && { constraints: [{ requests: ["gpu"], matchAttribute: match }] }),
      },
    },
  })
}

async function devicesOf(name: string): Promise<string[]> {
  const { status } = await cluster.client.get(ResourceClaim, { namespace: "default", name })
  return (status.allocation?.devices.results ?? []).map(({ pool, device }) => `${pool}/${device}`)
}

describe("claims for devices", () => {
  test("are given what they ask for, where it is, and the pod goes there", async () => {
    await cluster.addNode("a")
    await cluster.addNode("b")
    await offer("a", [8, "left"])
    await offer("b", [8, "left"], [80, "left"])
    await claim("big", {
      expression: 'device.capacity["gpu.example.com"].memory.compareTo(quantity("40Gi")) >= 0',
    })
    await cluster.addPod("train", using("big"))
    expect(await cluster.nodeOf("train")).toBe("b")
    expect(await devicesOf("big")).toEqual(["b/gpu-1"])
    const { metadata, status } = await cluster.client.get(ResourceClaim, {
      namespace: "default",
      name: "big",
    })
    expect(metadata.finalizers).toContain("resource.kubernetes.io/delete-protection")
    expect(status.reservedFor).toEqual([expect.objectContaining({ resource: "pods", name: "train" })])
  })

  test("never share a device; who comes too late waits, and says why", async () => {
    await cluster.addNode("a")
    await offer("a", [8, "left"])
    await claim("one")
    await claim("two")
    await cluster.addPod("first", using("one"))
    await cluster.nodeOf("first")
    await cluster.addPod("second", using("two"))
    expect(await cluster.pendingBecause("second")).toContain(
      "0/1 nodes are available: 1 cannot allocate all claims.",
    )
    await cluster.addNode("b")
    await offer("b", [8, "left"])
    expect(await cluster.nodeOf("second")).toBe("b")
  })

  test("take devices that go together, trying again where the first choice does not lead on", async () => {
    await cluster.addNode("a")
    await offer("a", [8, "left"], [8, "right"], [8, "right"])
    await claim("pair", { count: 2, match: "gpu.example.com/socket" })
    await cluster.addPod("train", using("pair"))
    await cluster.nodeOf("train")
    expect(await devicesOf("pair")).toEqual(["a/gpu-1", "a/gpu-2"])
  })

  test("that have devices are met only where these are; those that are missing are named", async () => {
    await cluster.addNode("a")
    await cluster.addNode("b")
    await offer("b", [8, "left"])
    await claim("shared")
    await cluster.addPod("first", using("shared"))
    expect(await cluster.nodeOf("first")).toBe("b")
    await cluster.addPod("second", using("shared"))
    expect(await cluster.nodeOf("second")).toBe("b")
    await cluster.addPod("third", using("missing"))
    expect(await cluster.pendingBecause("third")).toContain(
      'resourceclaim.resource.k8s.io "missing" not found',
    )
    await vi.waitFor(async () => {
      const { status } = await cluster.client.get(ResourceClaim, { namespace: "default", name: "shared" })
      expect(status.reservedFor).toHaveLength(2)
    })
  })
})
