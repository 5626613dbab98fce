import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()

/** A database of two: each has a volume of its own, made when the pod is placed. */
const manifest = `
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 2
  serviceName: db
  selector: { matchLabels: { app: db } }
  persistentVolumeClaimRetentionPolicy: { whenScaled: Delete, whenDeleted: Retain }
  template:
    metadata: { labels: { app: db } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: db
          image: e2e/busybox:1
          command: [sh, -c, "echo $(hostname) >> /data/visits; trap exit TERM; while true; do sleep 1; done"]
          securityContext: { runAsUser: 1000 }
          volumeMounts: [{ name: data, mountPath: /data }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Mi } } }
`

interface Items<T> {
  readonly items: readonly T[]
}
interface Volume {
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly local: { readonly path: string }
    readonly capacity: { readonly storage: string }
  }
}

describe.skipIf(missing)("a StatefulSet with volumes of the default class", () => {
  const cluster = new TestCluster()
  let kubectl: Kubectl

  beforeAll(async () => {
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
    kubectl = cluster.kubectl(realClients.kubectl136())
    await kubectl.call("apply -f -", manifest)
    await kubectl.call("rollout status statefulset/db --timeout=90s")
  })
  afterAll(() => cluster.destroy())

  const visits = async (pod: string) =>
    (await kubectl.call(`exec ${pod} -- cat /data/visits`)).trim().split("\n")
  const volumes = async () => (await kubectl.json<Items<Volume>>("get pv")).items

  test("each replica has a directory of its own on the node", async () => {
    expect(await visits("db-0")).toEqual(["db-0"])
    expect(await visits("db-1")).toEqual(["db-1"])
    expect(await kubectl.call("get storageclass")).toMatch(/standard \(default\) +coracle.dev\/local +Delete/)
    for (const { spec } of await volumes()) expect(readdirSync(spec.local.path)).toEqual(["visits"])
  })

  test("the data outlives the pod", async () => {
    await kubectl.call("delete pod db-0")
    await kubectl.call("rollout status statefulset/db --timeout=60s")
    expect(await visits("db-0")).toEqual(["db-0", "db-0"])
  })

  test("a claim grows", async () => {
    const spec = { resources: { requests: { storage: "20Mi" } } }
    await kubectl.call(`patch pvc data-db-0 -p '${JSON.stringify({ spec })}'`)
    await eventually(async () => {
      const claim = await kubectl.json<{ status: { capacity: { storage: string } } }>("get pvc data-db-0")
      expect(claim.status.capacity.storage).toBe("20Mi")
    })
  })

  test("the directory goes with the claim, and the claim with the replica", async () => {
    const before = await volumes()
    await kubectl.call("scale statefulset db --replicas=1")
    await eventually(async () => expect(await volumes()).toHaveLength(1))
    const [left] = (await volumes()) as [Volume]
    const gone = before.find(({ metadata }) => metadata.name !== left.metadata.name)!
    expect(existsSync(gone.spec.local.path)).toBe(false)
    expect(existsSync(left.spec.local.path)).toBe(true)
    await kubectl.call("delete statefulset db")
    expect(await volumes()).toHaveLength(1)
    await kubectl.call("delete pvc data-db-0")
    await eventually(async () => expect(await volumes()).toEqual([]))
    expect(readdirSync(join(left.spec.local.path, ".."))).toEqual([])
  })
})
