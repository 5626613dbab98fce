import { afterEach, beforeEach, expect, it } from "vitest"
import { builtInResources } from "../../api/index.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceQuota } from "../../api/core/v1/resource-quota.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createResourceQuotaController } from "./resourcequota.ts"

let cluster: TestCluster
beforeEach(async () => {
  const resources = builtInResources.filter(({ verbs }) => verbs.includes("list"))
  cluster = await startTestCluster([
    createResourceQuotaController({ discover: async () => ({ resources, stale: [] }) }),
  ])
})
afterEach(() => cluster.stop())

const namespace = "default"
const key = { namespace, name: "all" }
const used = async () => (await cluster.client.get(ResourceQuota, key)).status.used

it("counts what is used, and gives back what goes or ends", async () => {
  const pod = (name: string) =>
    cluster.client.create(Pod, {
      metadata: { namespace, name },
      spec: { containers: [{ name: "web", image: "web", resources: { requests: { cpu: "250m" } } }] },
    })
  const [first] = [await pod("a"), await pod("b")]
  await cluster.client.create(ConfigMap, { metadata: { namespace, name: "a" } })
  await cluster.client.create(ResourceQuota, {
    metadata: key,
    spec: { hard: { pods: "5", "requests.cpu": "1", "count/configmaps": "3" } },
  })
  await cluster.advance(2000)
  expect((await cluster.client.get(ResourceQuota, key)).status.hard).toEqual({
    pods: "5",
    "requests.cpu": "1",
    "count/configmaps": "3",
  })
  const before = await used()
  expect(before).toMatchObject({ pods: "2", "requests.cpu": "500m" })

  await cluster.client.delete(ConfigMap, { namespace, name: "a" })
  await cluster.client.updateStatus(Pod, { ...first, status: { ...first.status, phase: "Succeeded" } })
  await cluster.advance(1000)
  const left = Number(before!["count/configmaps"]) - 1
  expect(await used()).toEqual({ pods: "1", "requests.cpu": "250m", "count/configmaps": String(left) })
  await cluster.edit(ResourceQuota, key, ({ spec }) => (spec.hard = { pods: "7" }))
  await cluster.advance(1000)
  expect((await cluster.client.get(ResourceQuota, key)).status).toEqual({
    hard: { pods: "7" },
    used: { pods: "1" },
  })
  expect(cluster.errors).toEqual([])
})

it("lets go of a class of attributes as soon as the volume has another", async () => {
  const claimKey = { namespace, name: "data" }
  const claim = await cluster.client.create(PersistentVolumeClaim, {
    metadata: claimKey,
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
      volumeAttributesClassName: "silver",
    },
  })
  const current = (currentVolumeAttributesClassName: string) => ({
    ...claim,
    metadata: claimKey,
    status: { ...claim.status, currentVolumeAttributesClassName },
  })
  await cluster.client.updateStatus(PersistentVolumeClaim, current("gold") as never)
  const scope = { scopeName: "VolumeAttributesClass" as const, operator: "In" as const, values: ["gold"] }
  await cluster.client.create(ResourceQuota, {
    metadata: key,
    spec: { hard: { persistentvolumeclaims: "1" }, scopeSelector: { matchExpressions: [scope] } },
  })
  await cluster.advance(2000)
  expect(await used()).toEqual({ persistentvolumeclaims: "1" })
  await cluster.client.updateStatus(PersistentVolumeClaim, current("silver") as never)
  await cluster.advance(1000)
  expect(await used()).toEqual({ persistentvolumeclaims: "0" })
})
