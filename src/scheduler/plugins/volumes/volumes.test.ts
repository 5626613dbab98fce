import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { bindCompletedAnnotation, selectedNodeAnnotation } from "../../../api/core/v1/match-volume.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { CSINode } from "../../../api/storage/v1/csi-node.ts"
import { CSIStorageCapacity } from "../../../api/storage/v1/csi-storage-capacity.ts"
import { StorageClass } from "../../../api/storage/v1/storage-class.ts"
import type { Draft } from "../../../apimachinery/meta.ts"
import { startTestScheduler, type TestScheduler } from "../../testing.ts"

let cluster: TestScheduler

beforeEach(async () => {
  cluster = await startTestScheduler()
})

afterEach(() => cluster.stop())

const using = (...claimNames: string[]): Draft<Pod["spec"]> => ({
  volumes: claimNames.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
})

function addClass(provisioner: string, parts: Partial<Draft<StorageClass>> = {}) {
  const volumeBindingMode = "WaitForFirstConsumer" as const
  return cluster.client.create(StorageClass, {
    metadata: { name: "slow" },
    provisioner,
    volumeBindingMode,
    ...parts,
  })
}

function addClaim(name: string, spec: Draft<PersistentVolumeClaim["spec"]> = {}) {
  const resources = { requests: { storage: "1Gi" } }
  return cluster.client.create(PersistentVolumeClaim, {
    metadata: { name, namespace: "default" },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: "slow", resources, ...spec },
  })
}

async function addVolume(name: string, nodeName: string, parts: Draft<PersistentVolume["spec"]> = {}) {
  const matchExpressions = [{ key: "kubernetes.io/hostname", operator: "In" as const, values: [nodeName] }]
  const volume = await cluster.client.create(PersistentVolume, {
    metadata: { name },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "slow",
      local: { path: `/mnt/${name}` },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
      ...parts,
    },
  })
  return cluster.client.updateStatus(PersistentVolume, { ...volume, status: { phase: "Available" } })
}

/** What the binder does when the scheduler, or a provisioner, has chosen. */
async function completeBinding(claimName: string, volumeName: string) {
  const key = { namespace: "default", name: claimName }
  const metadata = { annotations: { [bindCompletedAnnotation]: "yes" } }
  const body = { metadata, spec: { volumeName } }
  await cluster.client.patch(PersistentVolumeClaim, key, { type: "merge", body })
}

describe("claims that wait for their first consumer", () => {
  test("get a volume that the node can reach, then the pod is bound", async () => {
    await addClass("kubernetes.io/no-provisioner")
    await cluster.addNode("a")
    await cluster.addNode("b")
    await addVolume("on-b", "b")
    await addClaim("data")
    await cluster.addPod("db", using("data"))
    await vi.waitFor(async () => {
      const { spec } = await cluster.client.get(PersistentVolume, { name: "on-b" })
      expect(spec.claimRef).toMatchObject({ namespace: "default", name: "data" })
    }, 5000)
    const waiting = await cluster.client.get(Pod, { namespace: "default", name: "db" })
    expect(waiting.spec.nodeName).toBeFalsy()
    // Where it is going to be is told meanwhile, and no more when it is there.
    expect(waiting.status.nominatedNodeName).toBe("b")
    await completeBinding("data", "on-b")
    expect(await cluster.nodeOf("db")).toBe("b")
    const bound = await cluster.client.get(Pod, { namespace: "default", name: "db" })
    expect(bound.status.nominatedNodeName).toBeUndefined()
  })

  test("two pods do not get the same volume", async () => {
    await addClass("kubernetes.io/no-provisioner")
    await cluster.addNode("a")
    await addVolume("only", "a")
    await addClaim("one")
    await addClaim("two")
    await cluster.addPod("first", using("one"))
    await vi.waitFor(async () => {
      expect((await cluster.client.get(PersistentVolume, { name: "only" })).spec.claimRef?.name).toBe("one")
    }, 5000)
    await cluster.addPod("second", using("two"))
    expect(await cluster.pendingBecause("second")).toContain(
      "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. ",
    )
  })

  test("have the node written on them where a volume can be made", async () => {
    await addClass("example.com/maker")
    await cluster.addNode("a")
    await addClaim("data")
    await cluster.addPod("db", using("data"))
    await vi.waitFor(async () => {
      const claim = await cluster.client.get(PersistentVolumeClaim, { namespace: "default", name: "data" })
      expect(claim.metadata.annotations?.[selectedNodeAnnotation]).toBe("a")
    }, 5000)
    await addVolume("made", "a")
    await completeBinding("data", "made")
    expect(await cluster.nodeOf("db")).toBe("a")
  })

  test("look where the driver has room, and only in the class's places", async () => {
    await addClass("example.com/maker", {
      allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["x"] }] }],
    })
    await cluster.client
      .create(CSIDriver, {
        metadata: { name: "example.com/maker" },
        spec: { storageCapacity: true },
      })
      .catch(() => {})
    await cluster.addNode("x1", { metadata: { labels: { zone: "x" } } })
    await cluster.addNode("y1", { metadata: { labels: { zone: "y" } } })
    await addClaim("data")
    await cluster.addPod("db", using("data"))
    await vi.waitFor(async () => {
      const claim = await cluster.client.get(PersistentVolumeClaim, { namespace: "default", name: "data" })
      expect(claim.metadata.annotations?.[selectedNodeAnnotation]).toBe("x1")
    }, 5000)
  })

  test("find no node when none has room, until one has", async () => {
    await addClass("maker.example.com")
    await cluster.client.create(CSIDriver, {
      metadata: { name: "maker.example.com" },
      spec: { storageCapacity: true },
    })
    await cluster.addNode("a", { metadata: { labels: { zone: "x" } } })
    await addClaim("data")
    await cluster.addPod("db", using("data"))
    expect(await cluster.pendingBecause("db")).toContain("1 node(s) did not have enough free storage.")
    await cluster.client.create(CSIStorageCapacity, {
      metadata: { name: "x", namespace: "default" },
      storageClassName: "slow",
      capacity: "5Gi",
      nodeTopology: { matchLabels: { zone: "x" } },
    })
    await vi.waitFor(async () => {
      const claim = await cluster.client.get(PersistentVolumeClaim, { namespace: "default", name: "data" })
      expect(claim.metadata.annotations?.[selectedNodeAnnotation]).toBe("a")
    }, 5000)
  })
})

describe("a pod's claims", () => {
  test("must be there, and bound unless they wait", async () => {
    await addClass("maker.example.com", { volumeBindingMode: "Immediate" })
    await cluster.addNode("a")
    await cluster.addPod("early", using("missing"))
    expect(await cluster.pendingBecause("early")).toContain(
      '0/1 nodes are available: persistentvolumeclaim "missing" not found. ',
    )
    await addClaim("data")
    await cluster.addPod("waiting", using("data"))
    expect(await cluster.pendingBecause("waiting")).toContain(
      "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. ",
    )
    await addVolume("made", "a", { claimRef: { namespace: "default", name: "data" } })
    await completeBinding("data", "made")
    expect(await cluster.nodeOf("waiting")).toBe("a")
  })

  test("of a single pod keep others away from every node", async () => {
    await addClass("maker.example.com")
    await cluster.addNode("a")
    await cluster.addNode("b")
    await addVolume("made", "a", { accessModes: ["ReadWriteOncePod"] })
    await addClaim("data", { accessModes: ["ReadWriteOncePod"], volumeName: "made" })
    await completeBinding("data", "made")
    await cluster.addPod("holder", using("data"))
    await cluster.nodeOf("holder")
    await cluster.addPod("other", using("data"))
    expect(await cluster.pendingBecause("other")).toContain(
      "2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
    )
    await cluster.client.delete(Pod, { namespace: "default", name: "holder" }, { gracePeriodSeconds: 0 })
    expect(await cluster.nodeOf("other")).toBe("a")
  })

  test("are looked for in the volume's zone", async () => {
    await addClass("maker.example.com")
    const zone = "topology.kubernetes.io/zone"
    await cluster.addNode("x1", { metadata: { labels: { [zone]: "x" } } })
    await cluster.addNode("y1", { metadata: { labels: { [zone]: "y" } } })
    await cluster.client.create(PersistentVolume, {
      metadata: { name: "made", labels: { [zone]: "y__z" } },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: "slow",
        csi: { driver: "maker.example.com", volumeHandle: "1" },
      },
    })
    await addClaim("data", { volumeName: "made" })
    await completeBinding("data", "made")
    await cluster.addPod("db", using("data"))
    expect(await cluster.nodeOf("db")).toBe("y1")
  })

  test("are no more on a node than its driver attaches", async () => {
    await addClass("maker.example.com")
    await cluster.addNode("a")
    await cluster.client.create(CSINode, {
      metadata: { name: "a" },
      spec: {
        drivers: [{ name: "maker.example.com", nodeID: "a", topologyKeys: [], allocatable: { count: 1 } }],
      },
    })
    for (const name of ["one", "two"]) {
      await cluster.client.create(PersistentVolume, {
        metadata: { name },
        spec: {
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteOnce"],
          storageClassName: "slow",
          csi: { driver: "maker.example.com", volumeHandle: name },
        },
      })
      await addClaim(name, { volumeName: name })
      await completeBinding(name, name)
    }
    await cluster.addPod("first", using("one"))
    await cluster.nodeOf("first")
    await cluster.addPod("second", using("two"))
    expect(await cluster.pendingBecause("second")).toContain("1 node(s) exceed max volume count.")
  })
})
