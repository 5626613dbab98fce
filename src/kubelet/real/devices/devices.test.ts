import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type DevicePluginFixture, startDevicePlugin } from "../../../../test/fixtures/device-plugin.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { forever, reasonToSkip, type RealNode, shell, startRealNode } from "../../testing/real-node.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of device plugins with real containers need ${why}`)

const resource = "example.com/dial"
const namespace = "default"
const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false
const isGone = (pod: Pod | undefined) => pod === undefined

describe.skipIf(why)("device plugins", { timeout: 30_000 }, () => {
  let node: RealNode
  let plugin: DevicePluginFixture
  beforeAll(async () => {
    node = await startRealNode()
    plugin = await startDevicePlugin({
      resource,
      directory: join(node.directory, "kubelet/device-plugins"),
      devices: ["a", "b", "c"].map((id) => ({ id, health: "Healthy" })),
    })
    await plugin.register()
  }, 60_000)
  afterAll(async () => {
    await plugin?.stop()
    if (node) expect(await node.stop()).toEqual([])
  }, 60_000)

  const amounts = async () => {
    const { status } = await node.server.client.get(Node, { name: "node-1" })
    return [status.capacity?.[resource], status.allocatable?.[resource]]
  }
  const create = (name: string, count: number) =>
    node.create(name, {
      containers: [
        shell("main", forever, {
          resources: { limits: { [resource]: count }, requests: { [resource]: count } },
        }),
      ],
    })
  const remove = async (name: string) => {
    await node.server.client.delete(Pod, { namespace, name })
    await node.until(name, isGone)
  }

  it("are counted in what the node has, the healthy ones in what may be asked for", async () => {
    await expect.poll(amounts, { timeout: 10_000 }).toEqual(["3", "3"])
    plugin.show([
      { id: "a", health: "Healthy" },
      { id: "b", health: "Unhealthy" },
      { id: "c", health: "Healthy" },
    ])
    await expect.poll(amounts, { timeout: 10_000 }).toEqual(["3", "2"])
  })

  it("give containers devices of their own", async () => {
    await create("one", 1)
    const one = await node.until("one", isReady)
    expect(await node.exec(one, "main", "sh", "-c", "echo $DIALS; test -c /dev/dial-c && echo there")).toBe(
      "c\nthere\n",
    )
    expect(plugin.prepared).toEqual([["c"]])
  })

  it("refuse a pod that asks for more than there are", async () => {
    await create("greedy", 2)
    const pod = await node.until("greedy", (each) => each?.status.phase === "Failed")
    expect(pod.status).toMatchObject({
      reason: "UnexpectedAdmissionError",
      message:
        "Pod was rejected: Allocate failed due to requested number of devices unavailable for example.com/dial. Requested: 2, Available: 1, which is unexpected",
    })
    await remove("greedy")
  })

  it("are known again when the kubelet has started anew", async () => {
    await node.restartKubelet()
    await expect.poll(amounts, { timeout: 10_000 }).toEqual(["0", "0"])
    await plugin.register()
    await expect.poll(amounts, { timeout: 10_000 }).toEqual(["3", "2"])
    await create("two", 1)
    const two = await node.until("two", isReady)
    expect(await node.exec(two, "main", "sh", "-c", "echo $DIALS")).toBe("a\n")
    await remove("one")
    await remove("two")
    await create("both", 2)
    const both = await node.until("both", isReady)
    expect(await node.exec(both, "main", "sh", "-c", "echo $DIALS")).toBe("a,c\n")
    await remove("both")
  })

  it("must speak a version that the kubelet knows", async () => {
    await expect(plugin.register("v0")).rejects.toThrow(
      'requested API version "v0" is not supported by kubelet. Supported version is ["v1beta1"]',
    )
  })
})
