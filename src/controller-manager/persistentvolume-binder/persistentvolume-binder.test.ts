import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { StorageClass } from "../../api/storage/v1/storage-class.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { persistentVolumeBinderController } from "./persistentvolume-binder.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([persistentVolumeBinderController])
})
afterEach(() => cluster.stop())

const namespace = "default"
const rwo = ["ReadWriteOnce" as const]

async function createVolume(name: string, spec: Draft<PersistentVolume["spec"]> = {}, labels = {}) {
  await cluster.client.create(PersistentVolume, {
    metadata: { name, labels },
    spec: { capacity: { storage: "1Gi" }, accessModes: rwo, hostPath: { path: "/data" }, ...spec },
  })
  await cluster.advance(10)
}

async function createClaim(name: string, spec: Draft<PersistentVolumeClaim["spec"]> = {}) {
  await cluster.client.create(PersistentVolumeClaim, {
    metadata: { namespace, name },
    spec: {
      accessModes: rwo,
      resources: { requests: { storage: "1Gi" } },
      storageClassName: "",
      ...spec,
    },
  })
  await cluster.advance(10)
}

async function createClass(name: string, more: Draft<StorageClass> = {}) {
  await cluster.client.create(StorageClass, { metadata: { name }, provisioner: "csi.example.com", ...more })
  await cluster.advance(10)
}

const volume = (name: string) => cluster.client.get(PersistentVolume, { name })
const claim = (name: string) => cluster.client.get(PersistentVolumeClaim, { namespace, name })
const told = async () => (await cluster.events()).at(-1)

describe("a claim", () => {
  it("gets a free volume, and both say so", async () => {
    await createVolume("disk")
    expect((await volume("disk")).status.phase).toBe("Available")
    await createClaim("data")
    const [bound, binding] = [await volume("disk"), await claim("data")]
    expect(bound.status.phase).toBe("Bound")
    expect(bound.spec.claimRef).toMatchObject({ namespace, name: "data", uid: binding.metadata.uid })
    expect(bound.metadata.annotations).toEqual({ "pv.kubernetes.io/bound-by-controller": "yes" })
    expect(binding.spec.volumeName).toBe("disk")
    expect(binding.metadata.annotations).toEqual({
      "pv.kubernetes.io/bind-completed": "yes",
      "pv.kubernetes.io/bound-by-controller": "yes",
    })
    expect(binding.status).toMatchObject({ phase: "Bound", accessModes: rwo, capacity: { storage: "1Gi" } })
    expect(cluster.errors).toEqual([])
  })

  it("gets the smallest that is large enough, with the modes, labels and volume mode it wants", async () => {
    await createVolume("small", { capacity: { storage: "1Gi" } })
    await createVolume("block", { capacity: { storage: "5Gi" }, volumeMode: "Block" })
    await createVolume("other", { capacity: { storage: "5Gi" } })
    await createVolume("large", { capacity: { storage: "50Gi" } }, { kind: "fast" })
    await createVolume("right", { capacity: { storage: "6Gi" } }, { kind: "fast" })
    await createVolume(
      "versatile",
      { capacity: { storage: "5Gi" }, accessModes: ["ReadWriteMany", ...rwo] },
      { kind: "fast" },
    )
    await createClaim("data", {
      resources: { requests: { storage: "5Gi" } },
      selector: { matchLabels: { kind: "fast" } },
    })
    expect((await claim("data")).spec.volumeName).toBe("right")
    await createClaim("shared", { accessModes: ["ReadWriteMany"] })
    expect((await claim("shared")).spec.volumeName).toBe("versatile")
  })

  it("waits, says why, and takes a volume that comes later", async () => {
    await createClaim("data")
    expect(await told()).toBe(
      "Normal FailedBinding no persistent volumes available for this claim and no storage class is set",
    )
    await createVolume("disk")
    await cluster.advance(10)
    expect((await claim("data")).status.phase).toBe("Bound")
  })

  it("gets the volume it asks for by name, if that suits it", async () => {
    await createVolume("disk", { storageClassName: "fast" })
    await createClaim("data", { volumeName: "disk" })
    expect(await told()).toBe(
      'Warning VolumeMismatch Cannot bind to requested volume "disk": storageClassName does not match',
    )
    await createClaim("good", { volumeName: "disk", storageClassName: "fast" })
    expect((await claim("good")).status.phase).toBe("Bound")
    await createClaim("late", { volumeName: "disk", storageClassName: "fast" })
    expect(await told()).toBe('Warning FailedBinding volume "disk" already bound to a different claim.')
    expect((await claim("late")).status.phase).toBe("Pending")
  })

  it("gets the volume that is reserved for it, and nobody else does", async () => {
    await createVolume("disk", { claimRef: { namespace, name: "mine" } })
    await createClaim("other")
    expect((await claim("other")).status.phase).toBe("Pending")
    await createClaim("mine")
    expect((await claim("mine")).spec.volumeName).toBe("disk")
    expect((await volume("disk")).metadata.annotations).toBeUndefined()
  })

  it("gets the default class when there is one, even if that comes later", async () => {
    await cluster.client.create(PersistentVolumeClaim, {
      metadata: { namespace, name: "data" },
      spec: { accessModes: rwo, resources: { requests: { storage: "1Gi" } } },
    })
    await cluster.advance(10)
    await createClass("usual", {
      metadata: { name: "usual", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    })
    expect((await claim("data")).spec.storageClassName).toBe("usual")
    expect((await claim("data")).metadata.annotations).toMatchObject({
      "volume.kubernetes.io/storage-provisioner": "csi.example.com",
      "volume.beta.kubernetes.io/storage-provisioner": "csi.example.com",
    })
    expect(await told()).toContain("by the external provisioner 'csi.example.com'")
  })

  it("waits for its first consumer where the class says so", async () => {
    await createClass("late", { volumeBindingMode: "WaitForFirstConsumer" })
    await createVolume("disk", { storageClassName: "late" })
    await createClaim("data", { storageClassName: "late" })
    expect(await told()).toBe(
      "Normal WaitForFirstConsumer waiting for first consumer to be created before binding",
    )
    await cluster.client.create(Pod, {
      metadata: { namespace, name: "web" },
      spec: {
        containers: [{ name: "web", image: "web" }],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      },
    })
    await cluster.advance(16_000)
    expect(await told()).toBe("Normal WaitForPodScheduled waiting for pod web to be scheduled")
    await cluster.edit(PersistentVolumeClaim, { namespace, name: "data" }, ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, "volume.kubernetes.io/selected-node": "node-1" }
    })
    await cluster.advance(10)
    expect((await claim("data")).metadata.annotations).toHaveProperty([
      "volume.kubernetes.io/storage-provisioner",
    ])
  })

  it("says that its class does not exist", async () => {
    await createClaim("data", { storageClassName: "missing" })
    expect(await told()).toBe('Warning ProvisioningFailed storageclass.storage.k8s.io "missing" not found')
  })

  it("is lost with its volume", async () => {
    await createVolume("disk")
    await createClaim("data")
    await cluster.client.delete(PersistentVolume, { name: "disk" })
    await cluster.advance(10)
    expect((await claim("data")).status).toEqual({ phase: "Lost" })
    expect(await told()).toBe(
      "Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!",
    )
  })
})

describe("a volume whose claim has gone", () => {
  async function releaseOf(spec: Draft<PersistentVolume["spec"]>, annotations: Record<string, string> = {}) {
    await createVolume("disk", spec)
    await cluster.edit(PersistentVolume, { name: "disk" }, ({ metadata }) => {
      metadata.annotations = annotations
    })
    await createClaim("data")
    await cluster.client.delete(PersistentVolumeClaim, { namespace, name: "data" })
    await cluster.advance(100)
    return (await volume("disk")).status
  }

  it("is released and kept", async () => {
    expect(await releaseOf({ persistentVolumeReclaimPolicy: "Retain" })).toMatchObject({ phase: "Released" })
    await createClaim("next")
    expect((await claim("next")).status.phase).toBe("Pending")
  })

  it("is left to who made it", async () => {
    const status = await releaseOf(
      { persistentVolumeReclaimPolicy: "Delete" },
      { "pv.kubernetes.io/provisioned-by": "csi.example.com" },
    )
    expect(status).toMatchObject({ phase: "Released" })
  })

  it("fails where nobody can delete or recycle it", async () => {
    expect(await releaseOf({ persistentVolumeReclaimPolicy: "Recycle" })).toMatchObject({
      phase: "Failed",
      message: "No recycler plugin found for the volume!",
    })
    expect(await told()).toBe("Warning VolumeFailedRecycle No recycler plugin found for the volume!")
  })
})

it("binds many claims to many volumes, each to one", async () => {
  for (let index = 0; index < 20; index++) await createVolume(`disk-${index}`)
  await Promise.all(Array.from({ length: 20 }, (_, index) => createClaim(`data-${index}`)))
  await cluster.advance(60_000)
  const { items } = await cluster.client.list(PersistentVolumeClaim, { namespace })
  expect(new Set(items.map(({ spec }) => spec.volumeName)).size).toBe(20)
  expect(items.every(({ status }) => status.phase === "Bound")).toBe(true)
  const phases = (await cluster.client.list(PersistentVolume)).items.map(({ status }) => status.phase)
  expect(phases.every((phase) => phase === "Bound")).toBe(true)
})
