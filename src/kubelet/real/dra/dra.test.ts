import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type DraPluginFixture, startDraPlugin } from "../../../../test/fixtures/dra-plugin.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import { forever, reasonToSkip, type RealNode, shell, startRealNode } from "../../testing/real-node.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of devices that pods claim, with real containers, need ${why}`)

const driver = "dials.example.com"
const kind = "dials.example.com/dial"
const namespace = "default"
const specPath = "/var/run/cdi/coracle-test-dials.json"
const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false
const isGone = (pod: Pod | undefined) => pod === undefined

describe.skipIf(why)("devices that pods claim", { timeout: 30_000 }, () => {
  let node: RealNode
  let plugin: DraPluginFixture
  beforeAll(async () => {
    mkdirSync("/var/run/cdi", { recursive: true })
    const deviceNodes = [{ path: "/dev/dial", hostPath: "/dev/null" }]
    const devices = ["fast", "slow"].map((name) => ({
      name,
      containerEdits: { env: [`DIAL_${name}=yes`], deviceNodes },
    }))
    writeFileSync(specPath, JSON.stringify({ cdiVersion: "0.6.0", kind, devices }))
    node = await startRealNode()
    plugin = await startDraPlugin({
      driver,
      kubeletDirectory: join(node.directory, "kubelet"),
      devices: { fast: [`${kind}=fast`], slow: [`${kind}=slow`] },
    })
    expect(await plugin.registered).toEqual({ pluginRegistered: true, error: "" })
  }, 60_000)
  afterAll(async () => {
    await plugin?.stop()
    rmSync(specPath, { force: true })
    if (node) expect(await node.stop()).toEqual([])
  }, 60_000)

  /** A pod whose claim the scheduler has given devices. */
  async function create(name: string): Promise<Pod> {
    const { client } = node.server
    const request = (each: string) => ({ name: each, exactly: { deviceClassName: "dials" } })
    const claim = await client.create(ResourceClaim, {
      metadata: { name: `claim-of-${name}`, namespace },
      spec: { devices: { requests: [request("fast"), request("slow")] } },
    })
    const pod = await node.create(name, {
      resourceClaims: [{ name: "dials", resourceClaimName: `claim-of-${name}` }],
      containers: [
        shell("both", forever, { resources: { claims: [{ name: "dials" }] } }),
        shell("one", forever, { resources: { claims: [{ name: "dials", request: "slow" }] } }),
        shell("none", forever),
      ],
    })
    const result = (each: string) => ({ driver, request: each, pool: "pool", device: each })
    await client.updateStatus(ResourceClaim, {
      ...claim,
      status: {
        allocation: { devices: { results: [result("fast"), result("slow")] } },
        reservedFor: [{ resource: "pods", name, uid: pod.metadata.uid }],
      },
    })
    return pod
  }

  it("are there for the containers that ask for them, until the pod is gone", async () => {
    await create("one")
    const pod = await node.until("one", isReady)
    const see = (container: string) =>
      node.exec(pod, container, "sh", "-c", "env | grep DIAL_ | sort; test -c /dev/dial && echo there; true")
    expect([await see("both"), await see("one"), await see("none")]).toEqual([
      "DIAL_fast=yes\nDIAL_slow=yes\nthere\n",
      "DIAL_slow=yes\nthere\n",
      "",
    ])
    plugin.show("UNHEALTHY", "too hot")
    const isTold = ({ status }: Pod) =>
      status.containerStatuses?.find(({ name }) => name === "one")?.allocatedResourcesStatus?.[0]
        ?.resources?.[0]
    const told = await node.until("one", (now) => now !== undefined && isTold(now)?.health === "Unhealthy")
    expect(isTold(told)).toEqual({ resourceID: `${kind}=slow`, health: "Unhealthy", message: "too hot" })
    await node.server.client.delete(Pod, { namespace, name: "one" })
    await node.until("one", isGone)
    expect(plugin.calls).toEqual(["prepare claim-of-one", "unprepare claim-of-one"])
  })

  it("are waited for by a pod that has a place already", async () => {
    plugin.errors.set("claim-of-two", "no dial is free")
    await create("two")
    await expect
      .poll(() => node.events("two"), { timeout: 10_000 })
      .toContain(
        "FailedPrepareDynamicResources: Failed to prepare dynamic resources: prepare dynamic resources: NodePrepareResources failed for ResourceClaim claim-of-two: no dial is free",
      )
    plugin.errors.clear()
    await node.until("two", isReady)
    await node.server.client.delete(Pod, { namespace, name: "two" })
    await node.until("two", isGone)
  })

  it("are offered no more when the kubelet starts anew, until their driver is back", async () => {
    const { client } = node.server
    await client.create(ResourceSlice, {
      metadata: { name: "dials-of-node-1" },
      spec: {
        driver,
        nodeName: "node-1",
        pool: { name: "node-1", generation: 1, resourceSliceCount: 1 },
        devices: [{ name: "fast" }],
      },
    })
    await node.restartKubelet()
    await expect
      .poll(async () => (await client.list(ResourceSlice)).items.length, { timeout: 10_000 })
      .toBe(0)
  })
})
