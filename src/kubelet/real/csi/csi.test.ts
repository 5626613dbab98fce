import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  createBlockVolume,
  createVolume,
  type NodePlugin,
  startNodePlugin,
} from "../../../../test/fixtures/csi-driver/node-plugin.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { Secret } from "../../../api/core/v1/secret.ts"
import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { CSINode } from "../../../api/storage/v1/csi-node.ts"
import { VolumeAttachment } from "../../../api/storage/v1/volume-attachment.ts"
import { GrpcError } from "../../../base/grpc-error.ts"
import { createCommands } from "../../../base/real/commands.ts"
import {
  forever,
  hasLoopDevices,
  reasonToSkip,
  type RealNode,
  shell,
  startRealNode,
} from "../../testing/real-node.ts"
import { sha256 } from "../kubelet-paths.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of CSI drivers with real containers need ${why}`)

const driver = "directories.csi.test"
const namespace = "default"
const blockBytes = 8 << 20
const poll = { timeout: 10_000, interval: 50 }
const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false
const isGone = (pod: Pod | undefined) => pod === undefined

describe.skipIf(why)("CSI drivers of a node", { timeout: 30_000 }, () => {
  let node: RealNode
  let plugin: NodePlugin
  let data: string
  let kubeletDirectory: string

  const startPlugin = () =>
    startNodePlugin({
      name: driver,
      nodeId: "the-node",
      kubeletDirectory,
      dataDirectory: data,
      commands: createCommands(),
      topology: { "topology.csi.test/rack": "r1" },
    })

  beforeAll(async () => {
    node = await startRealNode()
    data = join(node.directory, "csi-data")
    kubeletDirectory = join(node.directory, "kubelet")
    await node.server.client.create(CSIDriver, {
      metadata: { name: driver },
      spec: {
        attachRequired: true,
        podInfoOnMount: true,
        volumeLifecycleModes: ["Persistent", "Ephemeral"],
        fsGroupPolicy: "File",
      },
    })
    plugin = await startPlugin()
  }, 60_000)
  afterAll(async () => {
    await plugin?.stop()
    if (node) expect(await node.stop()).toEqual([])
  }, 60_000)

  const methods = () => plugin.calls.map(({ method }) => method)
  const deletePod = async (name: string) => {
    await node.server.client.delete(Pod, { namespace, name })
    await node.until(name, isGone)
  }

  /** A claim bound to a volume of the driver, as a provisioner leaves it. */
  async function provision(
    name: string,
    more: object = {},
    volumeMode: "Filesystem" | "Block" = "Filesystem",
  ): Promise<void> {
    const { client } = node.server
    if (volumeMode === "Block") await createBlockVolume(data, `handle-of-${name}`, blockBytes)
    else await createVolume(data, `handle-of-${name}`)
    const claim = await client.create(PersistentVolumeClaim, {
      metadata: { name, namespace },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        volumeName: `pv-${name}`,
        storageClassName: "",
        volumeMode,
      },
    })
    await client.create(PersistentVolume, {
      metadata: { name: `pv-${name}` },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        volumeMode,
        claimRef: { kind: "PersistentVolumeClaim", namespace, name, uid: claim.metadata.uid },
        csi: {
          driver,
          volumeHandle: `handle-of-${name}`,
          fsType: "ext4",
          volumeAttributes: { color: "blue" },
          ...more,
        },
      },
    })
    await client.updateStatus(PersistentVolumeClaim, { ...claim, status: { phase: "Bound" } })
  }

  const attachmentOf = (name: string) => `csi-${sha256(`handle-of-${name}${driver}node-1`)}`

  /** As the attach-detach controller and the driver's attacher do. */
  async function attach(name: string): Promise<void> {
    const { client } = node.server
    const attachment = await client.create(VolumeAttachment, {
      metadata: { name: attachmentOf(name) },
      spec: { attacher: driver, nodeName: "node-1", source: { persistentVolumeName: `pv-${name}` } },
    })
    const status = { attached: true, attachmentMetadata: { device: "sdx" } }
    await client.updateStatus(VolumeAttachment, { ...attachment, status })
  }

  const podWith = (claimName: string, more: object = {}) => ({
    containers: [shell("main", forever, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
    ...more,
  })

  it("registers them by their sockets and tells the API", async () => {
    expect(await plugin.registered).toEqual({ pluginRegistered: true, error: "" })
    const { spec } = await node.server.client.get(CSINode, { name: "node-1" })
    expect(spec.drivers).toEqual([
      {
        name: driver,
        nodeID: "the-node",
        topologyKeys: ["topology.csi.test/rack"],
        allocatable: { count: 5 },
      },
    ])
    const { metadata } = await node.server.client.get(Node, { name: "node-1" })
    expect(metadata.labels?.["topology.csi.test/rack"]).toBe("r1")
  })

  it("waits for the attachment, stages, publishes, and undoes it in turn", async () => {
    const { client } = node.server
    await client.create(Secret, {
      metadata: { name: "stage", namespace },
      data: { user: Buffer.from("me").toString("base64") },
    })
    await provision("first", { nodeStageSecretRef: { namespace, name: "stage" } })
    await node.create("uses-first", podWith("first", { securityContext: { fsGroup: 4711 } }))
    const inUse = async () => (await client.get(Node, { name: "node-1" })).status.volumesInUse ?? []
    await expect.poll(inUse, poll).toEqual([`kubernetes.io/csi/${driver}^handle-of-first`])
    expect(methods()).not.toContain("NodeStageVolume")

    await attach("first")
    const pod = await node.until("uses-first", isReady)
    await node.exec(pod, "main", "sh", "-c", "echo kept > /data/file")
    expect(readFileSync(join(data, "handle-of-first/file"), "utf8")).toBe("kept\n")
    expect(statSync(join(data, "handle-of-first")).gid).toBe(4711)

    const [stage, publish] = plugin.calls.slice(-2).map(({ request }) => request)
    const directory = join(kubeletDirectory, "plugins/kubernetes.io/csi", driver, sha256("handle-of-first"))
    expect(stage).toMatchObject({
      volumeId: "handle-of-first",
      stagingTargetPath: join(directory, "globalmount"),
      publishContext: { device: "sdx" },
      volumeContext: { color: "blue" },
      secrets: { user: "me" },
      volumeCapability: { mount: { fsType: "ext4" }, accessMode: { mode: "SINGLE_NODE_WRITER" } },
    })
    const { uid } = pod.metadata
    expect(publish).toMatchObject({
      stagingTargetPath: join(directory, "globalmount"),
      targetPath: join(kubeletDirectory, `pods/${uid}/volumes/kubernetes.io~csi/pv-first/mount`),
      volumeContext: {
        color: "blue",
        "csi.storage.k8s.io/pod.name": "uses-first",
        "csi.storage.k8s.io/pod.uid": uid,
        "csi.storage.k8s.io/ephemeral": "false",
      },
    })
    const noted = JSON.parse(readFileSync(join(directory, "vol_data.json"), "utf8"))
    expect(noted).toMatchObject({ driverName: driver, volumeHandle: "handle-of-first" })

    plugin.calls.length = 0
    await deletePod("uses-first")
    expect(methods()).toEqual(["NodeUnpublishVolume", "NodeUnstageVolume"])
    expect(existsSync(directory)).toBe(false)
    await expect.poll(inUse, poll).toEqual([])
    expect(readFileSync(join(data, "handle-of-first/file"), "utf8")).toBe("kept\n")
  })

  it("stages once for two pods, and a kubelet that starts anew undoes what the last one did", async () => {
    await provision("shared")
    await attach("shared")
    await node.create("a", podWith("shared"))
    await node.create("b", podWith("shared"))
    await node.until("a", isReady)
    await node.until("b", isReady)
    await node.restartKubelet()
    await node.until("a", isReady)
    plugin.calls.length = 0
    await deletePod("a")
    expect(methods().filter((method) => method.startsWith("NodeUn"))).toEqual(["NodeUnpublishVolume"])
    await deletePod("b")
    expect(methods().at(-1)).toBe("NodeUnstageVolume")
  })

  it.skipIf(!hasLoopDevices)(
    "gives containers block devices, and takes them back after a restart",
    async () => {
      await provision("raw", {}, "Block")
      await attach("raw")
      plugin.calls.length = 0
      const spec = {
        containers: [shell("main", forever, { volumeDevices: [{ name: "data", devicePath: "/dev/xvda" }] })],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "raw" } }],
        securityContext: { fsGroup: 4711 },
      }
      await node.create("uses-raw", spec)
      const pod = await node.until("uses-raw", isReady)
      const { uid } = pod.metadata
      const devices = join(kubeletDirectory, "plugins/kubernetes.io/csi/volumeDevices")
      const paths = {
        stagingTargetPath: join(devices, "staging/pv-raw"),
        targetPath: join(devices, "publish/pv-raw", uid),
      }
      const capability = { block: {}, accessMode: { mode: "SINGLE_NODE_WRITER" } }
      const [stage, publish] = plugin.calls
      expect(stage).toMatchObject({
        method: "NodeStageVolume",
        request: { stagingTargetPath: paths.stagingTargetPath, volumeCapability: capability },
      })
      expect(publish).toMatchObject({
        method: "NodePublishVolume",
        request: { ...paths, volumeCapability: capability, publishContext: { device: "sdx" } },
      })
      expect(publish?.request["volumeCapability"]).not.toHaveProperty("mount")

      expect(await node.exec(pod, "main", "sh", "-c", "test -b /dev/xvda && echo block")).toBe("block\n")
      await node.exec(pod, "main", "sh", "-c", "echo kept | dd of=/dev/xvda bs=512 conv=sync,fsync")
      const [usage] = await node.kubelet.services.host.volumes.usage(uid)
      expect(usage).toMatchObject({ name: "data", claim: "raw", space: { capacityBytes: 1000 } })

      await node.restartKubelet()
      await node.until("uses-raw", isReady)
      expect(await node.exec(pod, "main", "head", "-c", "5", "/dev/xvda")).toBe("kept\n")
      plugin.calls.length = 0
      await deletePod("uses-raw")
      const undone = plugin.calls.filter(({ method }) => method.startsWith("NodeUn"))
      expect(undone).toEqual([
        {
          method: "NodeUnpublishVolume",
          request: { volumeId: "handle-of-raw", targetPath: paths.targetPath },
        },
        {
          method: "NodeUnstageVolume",
          request: { volumeId: "handle-of-raw", stagingTargetPath: paths.stagingTargetPath },
        },
      ])
      expect(existsSync(paths.targetPath)).toBe(false)
      expect(existsSync(paths.stagingTargetPath)).toBe(false)
      expect(readFileSync(join(data, "handle-of-raw")).subarray(0, 5).toString()).toBe("kept\n")
      const left = await createCommands().run("losetup", ["--noheadings", "-j", join(data, "handle-of-raw")])
      expect(left).toBe("")
    },
  )

  it.skipIf(!hasLoopDevices)("has a volume grow while a pod uses it", async () => {
    const { client } = node.server
    await provision("growing", {}, "Block")
    await attach("growing")
    await node.create("uses-growing", {
      containers: [shell("main", forever, { volumeDevices: [{ name: "data", devicePath: "/dev/xvda" }] })],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "growing" } }],
    })
    const pod = await node.until("uses-growing", isReady)
    const sizeOf = async () => Number(await node.exec(pod, "main", "blockdev", "--getsize64", "/dev/xvda"))
    expect(await sizeOf()).toBe(blockBytes)
    const claim = await client.get(PersistentVolumeClaim, { namespace, name: "growing" })
    await client.updateStatus(PersistentVolumeClaim, {
      ...claim,
      status: { ...claim.status, capacity: { storage: String(blockBytes) } },
    })
    await client.patch(
      PersistentVolume,
      { name: "pv-growing" },
      { type: "merge", body: { spec: { capacity: { storage: String(2 * blockBytes) } } } },
    )
    // A kubelet looks every minute; one that begins looks at once.
    await node.restartKubelet()
    await expect.poll(sizeOf, poll).toBe(2 * blockBytes)
    const capacity = async () =>
      (await client.get(PersistentVolumeClaim, { namespace, name: "growing" })).status.capacity?.["storage"]
    await expect.poll(capacity, poll).toBe(String(2 * blockBytes))
    await expect
      .poll(() => node.events("uses-growing"), poll)
      .toContain('FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "pv-growing"')
    await deletePod("uses-growing")
  })

  it("tells what a driver says, and tries again", async () => {
    await provision("stubborn")
    await attach("stubborn")
    plugin.failNext("NodePublishVolume", new GrpcError("Internal", "no more shelves"))
    await node.create("uses-stubborn", podWith("stubborn"))
    await node.until("uses-stubborn", isReady)
    expect(await node.events("uses-stubborn")).toContain(
      `FailedMount: MountVolume.SetUp failed for volume "pv-stubborn" : rpc error: code = Internal desc = no more shelves`,
    )
    await deletePod("uses-stubborn")
  })

  it("mounts volumes that live and die with their pod", async () => {
    plugin.calls.length = 0
    await node.create("inline", {
      containers: [shell("main", forever, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
      volumes: [{ name: "data", csi: { driver, readOnly: true, volumeAttributes: { size: "small" } } }],
    })
    const pod = await node.until("inline", isReady)
    expect(await node.exec(pod, "main", "touch", "/data/x")).toContain("Read-only file system")
    expect(plugin.calls[0]).toMatchObject({
      method: "NodePublishVolume",
      request: {
        volumeId: `csi-${sha256(`${pod.metadata.uid}data`)}`,
        stagingTargetPath: "",
        readonly: true,
        volumeContext: { size: "small", "csi.storage.k8s.io/ephemeral": "true" },
      },
    })
    await deletePod("inline")
  })

  it("waits for a driver that is not there", async () => {
    await plugin.stop()
    const drivers = async () => (await node.server.client.get(CSINode, { name: "node-1" })).spec.drivers ?? []
    await expect.poll(drivers, poll).toEqual([])
    await provision("late")
    await attach("late")
    await node.create("uses-late", podWith("late"))
    const told = `FailedMount: MountVolume.MountDevice failed for volume "pv-late" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name ${driver} not found in the list of registered CSI drivers`
    await expect.poll(() => node.events("uses-late"), poll).toContain(told)
    plugin = await startPlugin()
    await node.until("uses-late", isReady)
    await deletePod("uses-late")
  })
})
