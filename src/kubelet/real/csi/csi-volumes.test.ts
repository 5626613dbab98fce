import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import {
  createVolume,
  type NodePlugin,
  startNodePlugin,
} from "../../../../test/fixtures/csi-driver/node-plugin.ts"
import { startTestServer, type TestServer } from "../../../apiserver/testing.ts"
import { Namespace } from "../../../api/core/v1/namespace.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { CSINode } from "../../../api/storage/v1/csi-node.ts"
import { GrpcError } from "../../../base/grpc-error.ts"
import { silentLogger } from "../../../base/log.ts"
import { realClock } from "../../../base/real/clock.ts"
import { createCommands } from "../../../base/real/commands.ts"
import { realRandom } from "../../../base/real/random.ts"
import { NodeObjects } from "../../objects/node-objects.ts"
import type { CsiVolume } from "../../volumes/csi-volume.ts"
import { kubeletPaths } from "../kubelet-paths.ts"
import { PluginWatcher } from "../plugins/plugin-watcher.ts"
import { CsiDrivers } from "./csi-drivers.ts"
import { CsiNodeObject } from "./csi-node-object.ts"
import { VolumeGrowth } from "../volumes/volume-growth.ts"
import { CsiVolumes } from "./csi-volumes.ts"

const isRoot = process.getuid?.() === 0
const name = "directories.csi.test"

// No containers: what is asked of a driver, and what is left on the disk.
describe.skipIf(process.platform !== "linux" || !isRoot)("volumes of CSI drivers", () => {
  let directory: string
  let data: string
  let server: TestServer
  let plugin: NodePlugin
  let stop: AbortController
  let volumes: CsiVolumes
  let clock: SimulatedClock
  let told: string[]

  async function startKubelet(): Promise<CsiVolumes> {
    const { client } = server
    const paths = kubeletPaths(directory)
    const log = silentLogger
    const services = { client, clock: realClock, random: realRandom, log }
    const nodeObject = new CsiNodeObject({ client, nodeName: "node-1" })
    const drivers = new CsiDrivers({
      root: directory,
      clock: realClock,
      nodeObject,
      registered: (driver) => csi.unstageUnused(driver),
    })
    const objects = new NodeObjects({ ...services, signal: stop.signal })
    const events = () => ({
      event: (_: unknown, type: string, reason: string, message: string) =>
        void told.push(`${type} ${reason} ${message}`),
    })
    const csi: CsiVolumes = new CsiVolumes({
      paths,
      nodeName: "node-1",
      drivers,
      objects,
      growth: new VolumeGrowth({ client, objects, events }),
      tokens: {
        getStatus: async ({ metadata }, audience) => ({
          token: `${metadata.name}'s token for ${audience}`,
          expirationTimestamp: "2030-01-01T00:00:00Z",
        }),
      },
      clock,
      log,
      tellInUse: async () => {},
    })
    await csi.start()
    const watcher = new PluginWatcher({ paths, handlers: { CSIPlugin: drivers }, clock: realClock, log })
    await watcher.start(stop.signal)
    return csi
  }

  beforeEach(async () => {
    stop = new AbortController()
    clock = new SimulatedClock()
    told = []
    directory = mkdtempSync(join(tmpdir(), "coracle-csi-"))
    data = join(directory, "data")
    mkdirSync(data)
    server = await startTestServer({ clock: realClock, random: realRandom })
    await server.client.create(Node, { metadata: { name: "node-1" } })
    await server.client.create(Namespace, { metadata: { name: "default" } }).catch(() => {})
    await server.client.create(CSIDriver, {
      metadata: { name },
      spec: {
        attachRequired: false,
        podInfoOnMount: true,
        tokenRequests: [{ audience: "vault" }],
        fsGroupPolicy: "File",
        volumeLifecycleModes: ["Persistent", "Ephemeral"],
      },
    })
    plugin = await startNodePlugin({
      name,
      nodeId: "the-node",
      kubeletDirectory: directory,
      dataDirectory: data,
      commands: createCommands(),
    })
    volumes = await startKubelet()
    await createVolume(data, "handle")
    plugin.calls.length = 0
  })
  afterEach(async () => {
    stop.abort()
    await plugin.stop()
    await server.stop()
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(directory)
    rmSync(directory, { recursive: true, force: true })
  })

  const pod = (uid: string, spec: object = {}) =>
    ({
      metadata: { name: uid, namespace: "default", uid },
      spec: { containers: [], ...spec },
    }) as unknown as Pod
  const volume: CsiVolume = {
    specName: "pv-1",
    driver: name,
    handle: "handle",
    lifecycle: "Persistent",
    isBlock: false,
    readOnly: false,
    fsType: "ext4",
    accessModes: ["ReadWriteOnce"],
    mountOptions: ["noatime"],
    attributes: { color: "blue" },
  }
  const methods = () => plugin.calls.map(({ method }) => method)

  it("are staged once and published for each pod, and the other way round", async () => {
    const { path } = await volumes.mount(pod("a", { securityContext: { fsGroup: 4711 } }), volume)
    expect(path).toBe(join(directory, "pods/a/volumes/kubernetes.io~csi/pv-1/mount"))
    expect(statSync(join(data, "handle")).gid).toBe(4711)
    const context = plugin.calls[1]?.request["volumeContext"] as Record<string, string>
    const tokens = JSON.parse(context["csi.storage.k8s.io/serviceAccount.tokens"] ?? "{}")
    expect(tokens).toEqual({
      vault: { token: "a's token for vault", expirationTimestamp: "2030-01-01T00:00:00Z" },
    })
    await volumes.mount(pod("b"), volume)
    expect(volumes.inUse()).toEqual([`kubernetes.io/csi/${name}^handle`])
    expect(plugin.calls[0]?.request).toMatchObject({
      volumeId: "handle",
      volumeContext: { color: "blue" },
      volumeCapability: {
        mount: { fsType: "ext4", mountFlags: ["noatime"] },
        accessMode: { mode: "SINGLE_NODE_WRITER" },
      },
    })
    plugin.calls.length = 0
    await volumes.unmount("a")
    expect(methods()).toEqual(["NodeUnpublishVolume"])
    await volumes.unmount("b")
    expect(methods()).toEqual(["NodeUnpublishVolume", "NodeUnpublishVolume", "NodeUnstageVolume"])
    expect(volumes.inUse()).toEqual([])
    expect(existsSync(path)).toBe(false)
  })

  it("are undone by a kubelet that did not mount them", async () => {
    await volumes.mount(pod("a"), volume)
    stop.abort()
    stop = new AbortController()
    volumes = await startKubelet()
    expect(volumes.inUse()).toEqual([`kubernetes.io/csi/${name}^handle`])
    plugin.calls.length = 0
    await volumes.unmount("a")
    expect(methods()).toEqual(["NodeUnpublishVolume", "NodeUnstageVolume"])
  })

  it("leave nothing to undo when the driver has refused", async () => {
    plugin.failNext("NodePublishVolume", new GrpcError("Internal", "no more shelves"))
    await expect(volumes.mount(pod("a"), volume)).rejects.toThrow(
      "rpc error: code = Internal desc = no more shelves",
    )
    plugin.calls.length = 0
    await volumes.unmount("a")
    expect(methods()).toEqual([])
    await volumes.unstageUnused(name)
    expect(methods()).toEqual(["NodeUnstageVolume"])
  })

  it("are asked again when it is not known what came of it", async () => {
    plugin.failNext("NodePublishVolume", new GrpcError("Aborted", "still at it"))
    await expect(volumes.mount(pod("a"), volume)).rejects.toThrow("still at it")
    await volumes.unmount("a")
    expect(methods().slice(-2)).toEqual(["NodeUnpublishVolume", "NodeUnstageVolume"])
  })

  it("may be the pod's own", async () => {
    const own: CsiVolume = {
      ...volume,
      lifecycle: "Ephemeral",
      handle: "csi-1",
      specName: "scratch",
      readOnly: true,
    }
    await volumes.mount(pod("a"), own)
    expect(methods()).toEqual(["NodePublishVolume"])
    await volumes.unmount("a")
    expect(methods()).toEqual(["NodePublishVolume", "NodeUnpublishVolume"])
  })

  it("grow when there is more room for them", async () => {
    const { client } = server
    const size = (storage: string) => ({ capacity: { storage }, accessModes: ["ReadWriteOnce" as const] })
    await client.create(PersistentVolume, {
      metadata: { name: "pv-1" },
      spec: { ...size("2Gi"), csi: { driver: name, volumeHandle: "handle" } },
    })
    const claim = await client.create(PersistentVolumeClaim, {
      metadata: { name: "data", namespace: "default" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "2Gi" } },
        volumeName: "pv-1",
        storageClassName: "",
      },
    })
    const status = { phase: "Bound" as const, ...size("2Gi") }
    const current = await client.updateStatus(PersistentVolumeClaim, { ...claim, status })
    const mounted = await volumes.mount(pod("a"), { ...volume, claim: "data" })
    await mounted.lookAfter!(pod("a"))
    expect(methods()).not.toContain("NodeExpandVolume")

    await client.updateStatus(PersistentVolumeClaim, { ...current, status: { ...status, ...size("1Gi") } })
    await mounted.lookAfter!(pod("a"))
    expect(methods()).toContain("NodeExpandVolume")
    const capacity = async () =>
      (await client.get(PersistentVolumeClaim, { namespace: "default", name: "data" })).status.capacity?.[
        "storage"
      ]
    await expect.poll(capacity, { timeout: 10_000 }).toBe("2Gi")
    expect(told).toContain(
      'Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume "pv-1"',
    )
    await volumes.unmount("a")
  })

  it("cannot be had of a driver that is not there", async () => {
    await plugin.stop()
    const drivers = async () => (await server.client.get(CSINode, { name: "node-1" })).spec.drivers ?? []
    await expect.poll(drivers, { timeout: 10_000 }).toEqual([])
    await expect(volumes.mount(pod("a"), volume)).rejects.toMatchObject({
      operation: "MountVolume.MountDevice",
      message: `kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ${name} not found in the list of registered CSI drivers`,
    })
  })
})
