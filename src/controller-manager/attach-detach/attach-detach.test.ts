import { afterEach, beforeEach, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import {
  PersistentVolumeClaim,
  type PersistentVolumeAccessMode,
} from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { CSIDriver } from "../../api/storage/v1/csi-driver.ts"
import { VolumeAttachment } from "../../api/storage/v1/volume-attachment.ts"
import { persistentVolumeBinderController } from "../persistentvolume-binder/persistentvolume-binder.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createAttachDetachController } from "./attach-detach.ts"
import { sha256Hex } from "./real/sha256-hex.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([
    persistentVolumeBinderController,
    createAttachDetachController(sha256Hex),
  ])
  for (const name of ["node-1", "node-2"])
    await cluster.client.create(Node, {
      metadata: { name, annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" } },
    })
})
afterEach(() => cluster.stop())

const namespace = "default"

async function createVolume(modes: PersistentVolumeAccessMode[] = ["ReadWriteOnce"]) {
  await cluster.client.create(PersistentVolume, {
    metadata: { name: "disk" },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: modes,
      csi: { driver: "csi.example.com", volumeHandle: "vol-1" },
    },
  })
  await cluster.client.create(PersistentVolumeClaim, {
    metadata: { namespace, name: "data" },
    spec: {
      accessModes: modes,
      resources: { requests: { storage: "1Gi" } },
      storageClassName: "",
      volumeName: "disk",
    },
  })
  await cluster.advance(100)
}

async function createPod(name: string, nodeName: string) {
  await cluster.client.create(Pod, {
    metadata: { namespace, name },
    spec: {
      nodeName,
      containers: [{ name: "web", image: "web" }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
    },
  })
  await cluster.advance(100)
}

async function deletePod(name: string) {
  await cluster.client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0 })
  await cluster.advance(100)
}

const attachments = async () => (await cluster.client.list(VolumeAttachment)).items
const nodesOf = async () => (await attachments()).map(({ spec }) => spec.nodeName).sort()
const node = (name: string) => cluster.client.get(Node, { name })

/** As the driver's attacher does. */
async function attach() {
  for (const one of await attachments())
    await cluster.client.updateStatus(VolumeAttachment, { ...one, status: { attached: true } })
  await cluster.advance(100)
}

async function mount(name: string, volumesInUse: string[]) {
  const found = await node(name)
  await cluster.client.updateStatus(Node, { ...found, status: { ...found.status, volumesInUse } })
  await cluster.advance(100)
}

const uniqueName = "kubernetes.io/csi/csi.example.com^vol-1"

it("attaches a volume to the node of its pod, and detaches it when it is not mounted any more", async () => {
  await createVolume()
  await createPod("web", "node-1")
  const [attachment] = await attachments()
  expect(attachment).toMatchObject({
    metadata: { name: `csi-${sha256Hex("vol-1csi.example.comnode-1")}` },
    spec: { attacher: "csi.example.com", nodeName: "node-1", source: { persistentVolumeName: "disk" } },
  })
  expect((await node("node-1")).status.volumesAttached).toBeUndefined()
  await attach()
  expect((await node("node-1")).status.volumesAttached).toEqual([{ name: uniqueName, devicePath: "" }])
  expect(await cluster.events({ kind: "Pod" })).toEqual([
    'Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "disk" ',
  ])
  await mount("node-1", [uniqueName])
  await deletePod("web")
  expect(await nodesOf()).toEqual(["node-1"])
  await mount("node-1", [])
  expect(await nodesOf()).toEqual([])
  expect((await node("node-1")).status.volumesAttached ?? []).toEqual([])
  expect(cluster.errors).toEqual([])
})

it("lets a volume for one node be on one node only, and says why others wait", async () => {
  await createVolume()
  await createPod("first", "node-1")
  await attach()
  await createPod("second", "node-2")
  expect(await nodesOf()).toEqual(["node-1"])
  expect(await cluster.events({ kind: "Pod" })).toContain(
    'Warning FailedAttachVolume Multi-Attach error for volume "disk" Volume is already used by pod(s) first',
  )
  await deletePod("first")
  expect(await nodesOf()).toEqual(["node-2"])
})

it("attaches to many nodes what may be on many, and nothing whose driver needs no attaching", async () => {
  await createVolume(["ReadWriteMany"])
  await createPod("first", "node-1")
  await createPod("second", "node-2")
  expect(await nodesOf()).toEqual(["node-1", "node-2"])
  for (const name of ["first", "second"]) await deletePod(name)
  await cluster.client.create(CSIDriver, {
    metadata: { name: "csi.example.com" },
    spec: { attachRequired: false },
  })
  await cluster.advance(100)
  await createPod("third", "node-1")
  expect(await nodesOf()).toEqual([])
})

it("takes a volume from a node that has not answered for six minutes", async () => {
  await createVolume()
  await createPod("web", "node-1")
  await attach()
  await mount("node-1", [uniqueName])
  await deletePod("web")
  await cluster.advance(5 * 60_000)
  expect(await nodesOf()).toEqual(["node-1"])
  await cluster.advance(2 * 60_000)
  expect(await nodesOf()).toEqual([])
})
