import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type DevicePluginFixture, startDevicePlugin } from "../../../../test/fixtures/device-plugin.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { silentLogger } from "../../../base/log.ts"
import { realClock } from "../../../base/real/clock.ts"
import { connectGrpc } from "../../../base/real/grpc/grpc-channel.ts"
import { DeviceManager } from "./device-manager.ts"
import { Nothing } from "./device-messages.ts"
import * as podResources from "./pod-resources-messages.ts"
import { servePodResources } from "./serve-pod-resources.ts"

const resource = "example.com/dial"

// No containers: what plugins are asked, and what is remembered.
describe.skipIf(process.platform !== "linux")("the devices of a node", () => {
  let directory: string
  let manager: DeviceManager
  let plugin: DevicePluginFixture

  const startManager = async () => {
    const started = new DeviceManager({ directory, clock: realClock, log: silentLogger, changed: () => {} })
    await started.start()
    return started
  }
  const counted = () => manager.capacity().allocatable[resource]

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "coracle-devices-"))
    manager = await startManager()
    plugin = await startDevicePlugin({
      resource,
      directory,
      devices: ["a", "b", "c"].map((id) => ({ id, health: "Healthy", topology: { nodes: [{ id: 1 }] } })),
    })
    await plugin.register()
    await expect.poll(counted, { timeout: 10_000 }).toBe("3")
  })
  afterEach(async () => {
    await plugin.stop()
    await manager.close()
    rmSync(directory, { recursive: true })
  })

  const limits = (count: number) => ({ resources: { limits: { [resource]: String(count) } } })
  const pod = (uid: string, count: number, more: object = {}) =>
    ({
      metadata: { name: uid, namespace: "default", uid },
      spec: { containers: [{ name: "main", ...limits(count) }], ...more },
    }) as unknown as Pod
  const idsOf = (uid: string) =>
    manager
      .allocations()
      .flatMap(({ podUid, container, ids }) => (podUid === uid ? [`${container}: ${ids.join(",")}`] : []))

  it("are given as the plugin prefers, and given back", async () => {
    await manager.allocate(pod("one", 1), false)
    expect(idsOf("one")).toEqual(["main: c"])
    const { environment, devices } = await manager.prepareContainer("one", "main")
    expect(environment).toEqual({ DIALS: "c" })
    expect(devices).toEqual([{ containerPath: "/dev/dial-c", hostPath: "/dev/null", permissions: "rw" }])
    expect(plugin.prepared).toEqual([["c"]])
    await manager.free("one")
    await manager.allocate(pod("two", 3), false)
    expect(idsOf("two")).toEqual(["main: a,b,c"])
  })

  it("go from init containers to those that come after", async () => {
    await manager.allocate(pod("one", 2, { initContainers: [{ name: "init", ...limits(2) }] }), false)
    expect(idsOf("one")).toEqual(["init: b,c", "main: b,c"])
  })

  it("are remembered by a kubelet that starts anew", async () => {
    await manager.allocate(pod("one", 1), false)
    await manager.close()
    manager = await startManager()
    // The plugin has not come yet: what runs goes on, what does not must wait for it.
    await manager.allocate(pod("one", 1), true)
    await expect(manager.allocate(pod("two", 1), false)).rejects.toThrow("no healthy devices present")
    await plugin.register()
    await expect.poll(counted, { timeout: 10_000 }).toBe("3")
    await expect(manager.allocate(pod("three", 3), false)).rejects.toThrow(
      "Pod was rejected: Allocate failed due to requested number of devices unavailable for example.com/dial. Requested: 3, Available: 2, which is unexpected",
    )
    await manager.allocate(pod("two", 2), false)
    expect(idsOf("two")).toEqual(["main: a,b"])
  })

  it("show in their container's status whether they are well", async () => {
    const one = pod("one", 2)
    await manager.allocate(one, false)
    const health = () => manager.health(one, one.spec.containers[0]!)
    const both = (b: string) => [
      {
        name: resource,
        resources: [
          { resourceID: "b", health: b },
          { resourceID: "c", health: "Healthy" },
        ],
      },
    ]
    expect(health()).toEqual(both("Healthy"))
    plugin.show([
      { id: "b", health: "Unhealthy" },
      { id: "c", health: "Healthy" },
    ])
    await expect.poll(health, { timeout: 10_000 }).toEqual(both("Unhealthy"))
  })

  it("are told of to those who watch over them", async () => {
    const one = pod("one", 1)
    await manager.allocate(one, false)
    const own = join(directory, "pod-resources")
    const device = { poolName: "p", deviceName: "d", requestNames: [], cdiDeviceIds: ["example.com/gpu=1"] }
    const claim = {
      uid: "c1",
      namespace: "default",
      name: "c",
      podUids: ["one"],
      drivers: { "d.io": [device] },
    }
    const claims = { claimsFor: () => [claim] }
    const server = await servePodResources({ directory: own, pods: () => [one], devices: manager, claims })
    const channel = await connectGrpc(`unix:${join(own, "kubelet.sock")}`, () => realClock.now())
    const { podResourcesService: service } = podResources
    try {
      const list = await channel.unary(`${service}/List`, [Nothing, {}], podResources.ListResponse)
      expect(list.podResources).toEqual([
        {
          name: "one",
          namespace: "default",
          containers: [
            {
              name: "main",
              cpuIds: [],
              memory: [],
              devices: [{ resourceName: resource, deviceIds: ["c"], topology: { nodes: [{ id: 1 }] } }],
              dynamicResources: [
                {
                  claimName: "c",
                  claimNamespace: "default",
                  claimResources: [
                    {
                      driverName: "d.io",
                      poolName: "p",
                      deviceName: "d",
                      cdiDevices: [{ name: "example.com/gpu=1" }],
                    },
                  ],
                },
              ],
            },
          ],
        },
      ])
      const request = { podName: "two", podNamespace: "default" }
      await expect(
        channel.unary(`${service}/Get`, [podResources.GetRequest, request], podResources.GetResponse),
      ).rejects.toThrow("pod two in namespace default not found")
      const all = await channel.unary(
        `${service}/GetAllocatableResources`,
        [Nothing, {}],
        podResources.AllocatableResponse,
      )
      expect(all.devices).toHaveLength(3)
    } finally {
      channel.close()
      await server.close()
    }
  })
})
