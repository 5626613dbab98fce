import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Node } from "../api/core/v1/node.ts"
import { PersistentVolumeClaim } from "../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../api/core/v1/persistent-volume.ts"
import type { Draft } from "../apimachinery/meta.ts"
import { persistentVolumeBinderController } from "../controller-manager/persistentvolume-binder/persistentvolume-binder.ts"
import { startTestCluster, type TestCluster } from "../controller-manager/testing/test-cluster.ts"
import { claimProtectionController } from "../controller-manager/volume-protection/claim-protection.ts"
import { volumeProtectionController } from "../controller-manager/volume-protection/volume-protection.ts"
import { createLocalProvisionerController } from "./local-provisioner-controller.ts"
import { ensureLocalStorageClass } from "./local-storage-class.ts"
import { createVolumeDirectories } from "./real/volume-directories.ts"
import { createSimulatedDirectories } from "./simulated-directories.ts"

let cluster: TestCluster
let directories: Record<string, ReturnType<typeof createSimulatedDirectories>>
beforeEach(async () => {
  directories = { "node-1": createSimulatedDirectories(), "node-2": createSimulatedDirectories() }
  cluster = await startTestCluster([
    persistentVolumeBinderController,
    claimProtectionController,
    volumeProtectionController,
    createLocalProvisionerController(({ metadata: { name } }) => directories[name]),
  ])
  await ensureLocalStorageClass(cluster.client)
  for (const name of ["node-1", "node-2", "node-far"])
    await cluster.client.create(Node, { metadata: { name, labels: { "kubernetes.io/hostname": name } } })
})
afterEach(() => cluster.stop())

const key = { namespace: "default", name: "data" }

async function createClaim(nodeName: string, spec: Draft<PersistentVolumeClaim["spec"]> = {}) {
  await cluster.client.create(PersistentVolumeClaim, {
    metadata: { ...key, annotations: { "volume.kubernetes.io/selected-node": nodeName } },
    spec: {
      storageClassName: "standard",
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
      ...spec,
    },
  })
  await cluster.advance(1000)
}
const claim = () => cluster.client.get(PersistentVolumeClaim, key)
const volumes = async () => (await cluster.client.list(PersistentVolume)).items

it("makes a directory on the selected node, and takes it away with the claim", async () => {
  await createClaim("node-2")
  const [volume] = await volumes()
  const { uid } = (await claim()).metadata
  expect((await claim()).status).toMatchObject({ phase: "Bound", capacity: { storage: "1Gi" } })
  expect(volume!.metadata.name).toBe(`pvc-${uid}`)
  expect(volume!.spec.nodeAffinity!.required!.nodeSelectorTerms[0]!.matchExpressions).toEqual([
    { key: "kubernetes.io/hostname", operator: "In", values: ["node-2"] },
  ])
  expect([...directories["node-2"]!.paths]).toEqual([volume!.spec.local!.path])

  await cluster.client.delete(PersistentVolumeClaim, key)
  await cluster.advance(1000)
  expect(await volumes()).toEqual([])
  expect(directories["node-2"]!.paths.size).toBe(0)
  expect(cluster.errors).toEqual([])
})

it("keeps the data where the policy says so, even when the volume is deleted", async () => {
  await createClaim("node-1")
  const [{ metadata }] = (await volumes()) as [PersistentVolume]
  await cluster.edit(
    PersistentVolume,
    metadata,
    ({ spec }) => (spec.persistentVolumeReclaimPolicy = "Retain"),
  )
  await cluster.client.delete(PersistentVolumeClaim, key)
  await cluster.advance(1000)
  expect((await volumes())[0]!.status.phase).toBe("Released")
  await cluster.client.delete(PersistentVolume, metadata)
  await cluster.advance(1000)
  expect(await volumes()).toEqual([])
  expect(directories["node-1"]!.paths.size).toBe(1)
})

it("grows when the claim does", async () => {
  await createClaim("node-1")
  await cluster.edit(PersistentVolumeClaim, key, ({ spec }) => {
    spec.resources.requests = { storage: "3Gi" }
  })
  await cluster.advance(1000)
  expect((await claim()).status.capacity).toEqual({ storage: "3Gi" })
  expect((await volumes())[0]!.spec.capacity).toEqual({ storage: "3Gi" })
})

it("leaves nodes of other processes alone, and refuses what a directory cannot be", async () => {
  await createClaim("node-far")
  expect(await volumes()).toEqual([])
  await cluster.client.delete(PersistentVolumeClaim, key)
  await cluster.advance(1000)
  await createClaim("node-1", { accessModes: ["ReadWriteMany"] })
  expect(await volumes()).toEqual([])
  expect(await cluster.events()).toContain(
    'Warning ProvisioningFailed failed to provision volume with StorageClass "standard": a directory on one node cannot be ReadWriteMany',
  )
})

it("forgets volumes that went with their node", async () => {
  await createClaim("node-2")
  await cluster.client.delete(Node, { name: "node-2" })
  await cluster.advance(1000)
  expect(await volumes()).toHaveLength(1)
  await cluster.client.delete(PersistentVolumeClaim, key)
  await cluster.advance(1000)
  expect(await volumes()).toEqual([])
})

describe("real directories", () => {
  it("are made and deleted below their root, and nothing else is", async () => {
    const root = mkdtempSync(join(tmpdir(), "coracle-volumes-"))
    const real = createVolumeDirectories(join(root, "volumes"))
    const path = await real.create("pvc-1_default_data")
    writeFileSync(join(path, "file"), "data")
    await expect(real.create("../elsewhere")).rejects.toThrow("not a name")
    await expect(real.remove(root)).rejects.toThrow("not one of this node's volumes")
    await expect(real.remove(join(path, "file"))).rejects.toThrow("not one of this node's volumes")
    await real.remove(path)
    expect(readdirSync(join(root, "volumes"))).toEqual([])
    rmSync(root, { recursive: true })
  })
})
