import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { Pod as PodResource, type Pod } from "../../../api/core/v1/pod.ts"
import { DeviceClass } from "../../../api/resource/v1/device-class.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import { DeviceTaintRule } from "../../../api/resource/v1beta2/device-taint-rule.ts"
import type { Draft } from "../../../apimachinery/meta.ts"
import { asking, startTestScheduler, type TestScheduler } from "../../testing.ts"

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

/** Why it does not even enter the queue. */
const gatedBecause = (name: string) =>
  vi.waitFor(
    () => {
      const pending = cluster.scheduler.findPending("default", name)
      expect(pending?.queue).toBe("gated")
      return pending!.message
    },
    { timeout: 10_000 },
  )

type Device = NonNullable<NonNullable<Draft<ResourceSlice>["spec"]>["devices"]>[number]

/** On node a, in a pool that may have a slice of counters beside this one. */
function offerDevices(...devices: Device[]) {
  const hasCounters = devices.some(({ consumesCounters }) => consumesCounters)
  return cluster.client.create(ResourceSlice, {
    metadata: { name: "devices" },
    spec: {
      driver: "gpu.example.com",
      nodeName: "a",
      pool: { name: "a", generation: 1, resourceSliceCount: hasCounters ? 2 : 1 },
      devices,
    },
  })
}

type Ask = NonNullable<ResourceClaim["spec"]["devices"]["requests"]>[number]["exactly"]

function ask(name: string, more: Partial<NonNullable<Ask>> = {}) {
  return cluster.client.create(ResourceClaim, {
    metadata: { namespace: "default", name },
    spec: { devices: { requests: [{ name: "gpu", exactly: { deviceClassName: "gpu", ...more } }] } },
  })
}

async function resultsOf(name: string) {
  const { status } = await cluster.client.get(ResourceClaim, { namespace: "default", name })
  return status.allocation?.devices.results ?? []
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

  test("go nowhere while an expression of theirs fails, even where it does not", async () => {
    await cluster.addNode("one")
    await cluster.addNode("two")
    await offer("one", [8, "0"])
    await cluster.client.create(ResourceSlice, {
      metadata: { name: "two-gpus" },
      spec: {
        driver: "gpu.example.com",
        nodeName: "two",
        pool: { name: "two", generation: 1, resourceSliceCount: 1 },
        devices: [{ name: "gpu-0" }],
      },
    })
    await claim("data", { expression: 'device.attributes["gpu.example.com"].socket == "0"' })
    await cluster.addPod("web", using("data"))
    await vi.waitFor(async () => {
      const { status } = await cluster.client.get(PodResource, { namespace: "default", name: "web" })
      expect(status.conditions).toMatchObject([
        { type: "PodScheduled", status: "False", reason: "SchedulerError" },
      ])
      expect(status.conditions![0]!.message).toMatch(
        /^running "DynamicResources" filter plugin: claim default\/data: selector #0: CEL runtime error: /,
      )
    }, 5000)
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
    expect(await gatedBecause("third")).toContain('resourceclaim.resource.k8s.io "missing" not found')
    await vi.waitFor(
      async () => {
        const { status } = await cluster.client.get(ResourceClaim, { namespace: "default", name: "shared" })
        expect(status.reservedFor).toHaveLength(2)
      },
      { timeout: 10_000 },
    )
  })

  test("share a device's capacity as far as it goes, rounded up to what its policy allows", async () => {
    await cluster.addNode("a")
    await offerDevices({
      name: "nic",
      allowMultipleAllocations: true,
      capacity: {
        bandwidth: {
          value: "10Gi",
          requestPolicy: { default: "1Gi", validRange: { min: "1Gi", step: "2Gi" } },
        },
      },
    })
    for (const [name, bandwidth] of [
      ["one", "4Gi"],
      ["two", "4Gi"],
      ["three", "1Gi"],
    ] as const)
      await ask(name, { capacity: { requests: { bandwidth } } })
    await cluster.addPod("first", using("one"))
    await cluster.nodeOf("first")
    await cluster.addPod("second", using("two"))
    await cluster.nodeOf("second")
    const results = await Promise.all(["one", "two"].map(resultsOf))
    expect(results.flat().map(({ consumedCapacity }) => consumedCapacity)).toEqual([
      { bandwidth: "5Gi" },
      { bandwidth: "5Gi" },
    ])
    expect(new Set(results.flat().map(({ shareID }) => shareID)).size).toBe(2)
    await cluster.addPod("third", using("three"))
    expect(await cluster.pendingBecause("third")).toContain("1 cannot allocate all claims.")
  })

  test("take from counters that devices share: a whole, or its parts", async () => {
    await cluster.addNode("a")
    const memory = (value: string) => [{ counterSet: "gpu", counters: { memory: { value } } }]
    await cluster.client.create(ResourceSlice, {
      metadata: { name: "counters" },
      spec: {
        driver: "gpu.example.com",
        nodeName: "a",
        pool: { name: "a", generation: 1, resourceSliceCount: 2 },
        sharedCounters: [{ name: "gpu", counters: { memory: { value: "40Gi" } } }],
      },
    })
    await offerDevices(
      { name: "whole", consumesCounters: memory("40Gi") },
      { name: "half-0", consumesCounters: memory("20Gi") },
      { name: "half-1", consumesCounters: memory("20Gi") },
    )
    await ask("one")
    await cluster.addPod("first", using("one"))
    await cluster.nodeOf("first")
    expect(await devicesOf("one")).toEqual(["a/whole"])
    await ask("two")
    await cluster.addPod("second", using("two"))
    expect(await cluster.pendingBecause("second")).toContain("1 cannot allocate all claims.")
  })

  test("are not given what an administrator's rule taints, unless they tolerate it", async () => {
    await cluster.addNode("a")
    await offer("a", [8, "left"])
    await cluster.client.create(DeviceTaintRule, {
      metadata: { name: "broken" },
      spec: { deviceSelector: { driver: "gpu.example.com" }, taint: { key: "broken", effect: "NoSchedule" } },
    })
    await ask("careful")
    await cluster.addPod("first", using("careful"))
    expect(await cluster.pendingBecause("first")).toContain("1 cannot allocate all claims.")
    const tolerations = [{ key: "broken", operator: "Exists" as const, effect: "NoSchedule" as const }]
    await ask("bold", { tolerations })
    await cluster.addPod("second", using("bold"))
    expect(await cluster.nodeOf("second")).toBe("a")
    expect((await resultsOf("bold"))[0]?.tolerations).toEqual(tolerations)
  })

  test("are waited for where their driver says when they are ready, and given up when that fails", async () => {
    await cluster.addNode("a")
    await offerDevices({
      name: "fabric",
      bindsToNode: true,
      bindingConditions: ["Attached"],
      bindingFailureConditions: ["AttachFailed"],
    })
    await ask("one")
    const pod = await cluster.addPod("first", using("one"))
    await vi.waitFor(async () => expect(await resultsOf("one")).toHaveLength(1), { timeout: 10_000 })
    const report = async (type: string) => {
      const claimed = await cluster.client.get(ResourceClaim, { namespace: "default", name: "one" })
      const condition = {
        type,
        status: "True" as const,
        reason: "Driver",
        message: "says so",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      }
      const device = { driver: "gpu.example.com", pool: "a", device: "fabric", conditions: [condition] }
      const status = { ...claimed.status, devices: [device] }
      await cluster.client.updateStatus(ResourceClaim, { ...claimed, status })
    }
    expect(pod.spec.nodeName).toBeUndefined()
    // Taken back, and given anew: what was said of the first attempt is forgotten.
    await report("AttachFailed")
    await vi.waitFor(async () => {
      const claimed = await cluster.client.get(ResourceClaim, { namespace: "default", name: "one" })
      expect(claimed.status.devices ?? []).toEqual([])
      expect(claimed.status.allocation).toBeDefined()
    }, 10_000)
    await report("Attached")
    expect(await cluster.nodeOf("first")).toBe("a")
    const { status } = await cluster.client.get(ResourceClaim, { namespace: "default", name: "one" })
    expect(status.allocation?.allocationTimestamp).toBeDefined()
  })
})

describe("extended resources that a device class stands behind", () => {
  const wanting = (count: number, name = "example.com/gpu"): Draft<Pod["spec"]> => ({
    containers: [{ name: "main", image: "app", resources: { limits: { [name]: String(count) } } }],
  })
  const specialClaims = async () =>
    (await cluster.client.list(ResourceClaim, { namespace: "default" })).items.filter(
      ({ metadata }) => metadata.annotations?.["resource.kubernetes.io/extended-resource-claim"] === "true",
    )

  beforeEach(async () => {
    const known = await cluster.client.get(DeviceClass, { name: "gpu" })
    const spec = { ...known.spec, extendedResourceName: "example.com/gpu" }
    await cluster.client.update(DeviceClass, { ...known, spec })
    await cluster.addNode("a")
    await offer("a", [8, "left"], [8, "right"])
  })

  test("are taken from devices, by a claim that is the pod's own", async () => {
    await cluster.addPod("trainer", wanting(2))
    expect(await cluster.nodeOf("trainer")).toBe("a")
    const [special] = await specialClaims()
    expect(special!.metadata.name).toMatch(/^trainer-extended-resources-/)
    expect(special!.metadata.finalizers).toEqual(["resource.kubernetes.io/delete-protection"])
    expect(special!.spec.devices.requests).toMatchObject([
      { name: "container-0-request-0", exactly: { deviceClassName: "gpu", count: 2 } },
    ])
    expect(special!.status.allocation?.devices.results?.map(({ device }) => device)).toEqual([
      "gpu-0",
      "gpu-1",
    ])
    const pod = await cluster.client.get(PodResource, { namespace: "default", name: "trainer" })
    expect(pod.status.extendedResourceClaimStatus).toEqual({
      resourceClaimName: special!.metadata.name,
      requestMappings: [
        { containerName: "main", resourceName: "example.com/gpu", requestName: "container-0-request-0" },
      ],
    })
    expect(special!.status.reservedFor).toMatchObject([{ name: "trainer", uid: pod.metadata.uid }])
  })

  test("by the class's own name too, and not more than there are", async () => {
    await cluster.addPod("first", wanting(1, "deviceclass.resource.kubernetes.io/gpu"))
    await cluster.nodeOf("first")
    await cluster.addPod("second", wanting(2))
    expect(await cluster.pendingBecause("second")).toBe(
      "0/1 nodes are available: 1 cannot allocate all claims. no new claims to deallocate, " +
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    )
    await cluster.client.delete(ResourceSlice, { name: "a-gpus" })
    await offer("a", [8, "left"], [8, "right"], [8, "left"])
    expect(await cluster.nodeOf("second")).toBe("a")
  })

  test("are the node's own where it has them", async () => {
    const allocatable = { cpu: "2", memory: "4Gi", pods: "10", "example.com/gpu": "1" }
    await cluster.addNode("b", { status: { allocatable } })
    await cluster.addPod("on-b", { ...wanting(1), nodeSelector: { "kubernetes.io/hostname": "b" } })
    expect(await cluster.nodeOf("on-b")).toBe("b")
    expect(await specialClaims()).toEqual([])
  })

  test("wait for a class as long as there is none", async () => {
    await cluster.addPod("early", wanting(1, "example.com/other"))
    expect(await cluster.pendingBecause("early")).toContain("1 Insufficient example.com/other.")
    await cluster.client.create(DeviceClass, {
      metadata: { name: "other" },
      spec: { extendedResourceName: "example.com/other" },
    })
    expect(await cluster.nodeOf("early")).toBe("a")
  })
})

test("of several alternatives, nodes that have the one that is wanted most are preferred", async () => {
  await cluster.addNode("few")
  await cluster.addNode("many")
  await offer("few", [8, "left"])
  await offer("many", [8, "left"], [8, "left"])
  const alternative = (name: string, count: number) => ({
    name,
    deviceClassName: "gpu",
    allocationMode: "ExactCount" as const,
    count,
  })
  await cluster.client.create(ResourceClaim, {
    metadata: { namespace: "default", name: "choice" },
    spec: {
      devices: {
        requests: [{ name: "gpu", firstAvailable: [alternative("two", 2), alternative("one", 1)] }],
      },
    },
  })
  // The emptier node, otherwise.
  await cluster.addPod("other", { ...asking("200m"), nodeSelector: { "kubernetes.io/hostname": "many" } })
  await cluster.nodeOf("other")
  await cluster.addPod("picky", using("choice"))
  expect(await cluster.nodeOf("picky")).toBe("many")
})
