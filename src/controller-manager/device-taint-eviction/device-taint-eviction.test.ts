import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../api/resource/v1/resource-slice.ts"
import { DeviceTaintRule } from "../../api/resource/v1beta2/device-taint-rule.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createDeviceTaintEvictionController } from "./device-taint-eviction.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([createDeviceTaintEvictionController()])
  await publish(1, [])
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "web" }
const device = { driver: "gpu.example.com", pool: "a", device: "gpu-0" }

type Taints = { key: string; effect: "NoExecute" | "NoSchedule" }[]

async function publish(generation: number, taints: Taints) {
  await cluster.client.create(ResourceSlice, {
    metadata: { name: `slice-${generation}` },
    spec: {
      driver: device.driver,
      nodeName: "a",
      pool: { name: device.pool, generation, resourceSliceCount: 1 },
      devices: [{ name: device.device, taints }],
    },
  })
}

/** A pod that runs and has the device. */
async function run(tolerationSeconds?: number) {
  const tolerations =
    tolerationSeconds === undefined
      ? []
      : [{ key: "broken", operator: "Exists" as const, effect: "NoExecute" as const, tolerationSeconds }]
  const { client } = cluster
  const request = { name: "gpu", exactly: { deviceClassName: "gpu", tolerations } }
  const claim = await client.create(ResourceClaim, {
    metadata: key,
    spec: { devices: { requests: [request] } },
  })
  const containers = [{ name: "main", image: "app" }]
  const resourceClaims = [{ name: "gpu", resourceClaimName: "web" }]
  const pod = await client.create(Pod, { metadata: key, spec: { nodeName: "a", containers, resourceClaims } })
  const results = [{ request: "gpu", ...device, tolerations }]
  const status = {
    allocation: { devices: { results } },
    reservedFor: [{ resource: "pods", name: "web", uid: pod.metadata.uid }],
  }
  await client.updateStatus(ResourceClaim, { ...claim, status })
  await cluster.advance(10)
}

const taintByRule = (effect: "NoExecute" | "NoSchedule" | "None", name = "rule") =>
  cluster.client.create(DeviceTaintRule, {
    metadata: { name },
    spec: { deviceSelector: { driver: device.driver }, taint: { key: "broken", effect } },
  })

const find = () =>
  cluster.client.get(Pod, key).catch((error: unknown) => {
    if (isStatusError(error, "NotFound")) return undefined
    throw error
  })
const isThere = async () => {
  const pod = await find()
  return pod !== undefined && pod.metadata.deletionTimestamp === undefined
}
const conditionOf = async (name = "rule") =>
  (await cluster.client.get(DeviceTaintRule, { name })).status.conditions?.[0]

describe("device taint eviction", () => {
  it("evicts who has a device that its driver taints, and says why", async () => {
    await run()
    await publish(2, [{ key: "broken", effect: "NoExecute" }])
    await cluster.advance(10)
    expect((await find())?.status.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({
      reason: "DeletionByDeviceTaintManager",
      message: "Device Taint manager: deleting due to NoExecute taint",
    })
    expect(await cluster.events({ kind: "Pod" })).toEqual([
      "Normal DeviceTaintManagerEviction Marking for deletion",
    ])
  })

  it("leaves alone who has a device that only new ones may not have", async () => {
    await run()
    await publish(2, [{ key: "broken", effect: "NoSchedule" }])
    await cluster.advance(60_000)
    expect(await isThere()).toBe(true)
  })

  it("waits as long as the claim tolerates, and lets stay when the taint goes before", async () => {
    await run(30)
    await publish(2, [{ key: "broken", effect: "NoExecute" }])
    await cluster.advance(20_000)
    await publish(3, [])
    await cluster.advance(60_000)
    expect(await isThere()).toBe(true)
    expect(await cluster.events({ kind: "Pod" })).toEqual([
      "Normal DeviceTaintManagerEviction Cancelling deletion",
    ])
    await publish(4, [{ key: "broken", effect: "NoExecute" }])
    await cluster.advance(29_000)
    expect(await isThere()).toBe(true)
    await cluster.advance(2000)
    expect(await isThere()).toBe(false)
  })

  it("evicts by an administrator's rule, and tells in the rule how far it is", async () => {
    await run(30)
    await taintByRule("NoExecute")
    await cluster.advance(1000)
    expect(await conditionOf()).toMatchObject({
      type: "EvictionInProgress",
      status: "True",
      reason: "PodsPendingEviction",
      message: "1 pod needs to be evicted in 1 namespace.",
      observedGeneration: 1,
    })
    await cluster.advance(60_000)
    expect(await isThere()).toBe(false)
    expect(await conditionOf()).toMatchObject({
      status: "False",
      reason: "Completed",
      message: "1 pod evicted since starting the controller.",
    })
  })

  it("tells of a rule without effect what it would do", async () => {
    await run()
    await taintByRule("None")
    await taintByRule("NoSchedule", "other")
    await cluster.advance(1000)
    expect((await conditionOf())?.message).toBe(
      "1 published device selected. 1 allocated device selected. 1 pod would be evicted in 1 namespace if the effect was NoExecute. This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.",
    )
    expect(await conditionOf("other")).toMatchObject({
      reason: "OtherEffect",
      message: "Eviction only happens for the NoExecute effect.",
    })
    expect(await isThere()).toBe(true)
  })
})
