import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { ephemeralVolumeController } from "../ephemeral-volume/ephemeral-volume.ts"
import { simulateNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { claimProtectionController } from "./claim-protection.ts"
import { volumeProtectionController } from "./volume-protection.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([
    claimProtectionController,
    volumeProtectionController,
    ephemeralVolumeController,
  ])
  simulateNodes(cluster)
})
afterEach(() => cluster.stop())

const namespace = "default"
const spec = { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "1Gi" } } }
const containers = [{ name: "web", image: "web" }]
const findClaim = (name: string) =>
  cluster.client.get(PersistentVolumeClaim, { namespace, name }).catch(ignoreNotFound)

describe("claims", () => {
  it("stay while a pod uses them", async () => {
    await cluster.client.create(PersistentVolumeClaim, { metadata: { namespace, name: "data" }, spec })
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }]
    await cluster.client.create(Pod, { metadata: { namespace, name: "web" }, spec: { containers, volumes } })
    await cluster.advance(2000)
    expect((await findClaim("data"))!.metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"])
    await cluster.client.delete(PersistentVolumeClaim, { namespace, name: "data" })
    await cluster.advance(2000)
    expect((await findClaim("data"))!.metadata.deletionTimestamp).toBeDefined()
    await cluster.client.delete(Pod, { namespace, name: "web" })
    await cluster.advance(3000)
    expect(await findClaim("data")).toBeUndefined()
  })

  it("are made for ephemeral volumes, owned by the pod", async () => {
    const volumes = [
      { name: "scratch", ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: "b" } }, spec } } },
    ]
    const pod = await cluster.client.create(Pod, {
      metadata: { namespace, name: "web" },
      spec: { containers, volumes },
    })
    await cluster.advance(1000)
    expect((await findClaim("web-scratch"))!.metadata).toMatchObject({
      labels: { a: "b" },
      ownerReferences: [{ kind: "Pod", uid: pod.metadata.uid, controller: true }],
    })
  })
})

describe("volumes", () => {
  it("stay while they are bound", async () => {
    const volume = await cluster.client.create(PersistentVolume, {
      metadata: { name: "disk" },
      spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/tmp" } },
    })
    await cluster.advance(100)
    const bound = await cluster.client.get(PersistentVolume, volume.metadata)
    expect(bound.metadata.finalizers).toEqual(["kubernetes.io/pv-protection"])
    const marked = await cluster.client.updateStatus(PersistentVolume, {
      ...bound,
      status: { phase: "Bound" },
    })
    await cluster.client.delete(PersistentVolume, { name: "disk" })
    await cluster.advance(100)
    const held = await cluster.client.get(PersistentVolume, marked.metadata)
    await cluster.client.updateStatus(PersistentVolume, { ...held, status: { phase: "Released" } })
    await cluster.advance(100)
    expect(await cluster.client.get(PersistentVolume, { name: "disk" }).catch(ignoreNotFound)).toBeUndefined()
  })
})
