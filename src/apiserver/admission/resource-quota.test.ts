import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { Draft } from "../../apimachinery/meta.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceQuota } from "../../api/core/v1/resource-quota.ts"
import { Service } from "../../api/core/v1/service.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import type { Client } from "../../client/client.ts"
import { type GuardedServer, startGuardedServer } from "./testing.ts"

let server: GuardedServer
let client: Client
let namespace: string
let count = 0

beforeAll(async () => {
  server = await startGuardedServer()
  client = server.client
})
afterAll(() => server.stop())

beforeEach(async () => {
  namespace = `quota-${count++}`
  await client.create(Namespace, { metadata: { name: namespace } })
  await client.create(ServiceAccount, { metadata: { namespace, name: "default" } })
})

type List = Record<string, string>
const zero = (hard: List): List => Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]))

/** A quota as it is once the controller has counted. */
async function createQuota(
  name: string,
  hard: List,
  spec: Draft<ResourceQuota>["spec"] = {},
  used = zero(hard),
) {
  const quota = await client.create(ResourceQuota, { metadata: { namespace, name }, spec: { hard, ...spec } })
  return client.updateStatus(ResourceQuota, { ...quota, status: { hard, used } })
}
const usedOf = async (name: string) =>
  (await client.get(ResourceQuota, { namespace, name })).status.used as List

const createPod = (name: string, spec: Draft<Pod>["spec"] = {}, dryRun = false) =>
  outcome(
    client.create(
      Pod,
      { metadata: { namespace, name }, spec: { containers: [{ name: "c", image: "busybox:1" }], ...spec } },
      { dryRun },
    ),
  )
const cpu = (amount: string) => ({
  containers: [{ name: "c", image: "busybox:1", resources: { requests: { cpu: amount } } }],
})
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => "allowed",
    (error: Error) => error.message,
  )

describe("ResourceQuota", () => {
  it("charges what is made, and refuses what goes beyond", async () => {
    await createQuota("compute", { pods: "2", "requests.cpu": "1" })
    expect(await createPod("a", cpu("800m"))).toBe("allowed")
    expect(await usedOf("compute")).toEqual({ pods: "1", "requests.cpu": "800m" })
    expect(await createPod("b", cpu("300m"))).toBe(
      'pods "b" is forbidden: exceeded quota: compute, requested: requests.cpu=300m, used: requests.cpu=800m, limited: requests.cpu=1',
    )
    expect(await createPod("c", cpu("200m"))).toBe("allowed")
    expect(await createPod("d", cpu("1m"))).toBe(
      'pods "d" is forbidden: exceeded quota: compute, requested: pods=1,requests.cpu=1m, used: pods=2,requests.cpu=1, limited: pods=2,requests.cpu=1',
    )
    expect(await usedOf("compute")).toEqual({ pods: "2", "requests.cpu": "1" })
  })

  it("wants to know what is counted", async () => {
    await createQuota("compute", { cpu: "1", "limits.memory": "1Gi" })
    expect(await createPod("a")).toBe(
      'pods "a" is forbidden: failed quota: compute: must specify cpu for: c; limits.memory for: c',
    )
  })

  it("admits nothing before the quota has been counted", async () => {
    await createQuota("counts", { configmaps: "5", secrets: "5" }, {}, { secrets: "0" })
    expect(await outcome(client.create(ConfigMap, { metadata: { namespace, name: "a" } }))).toBe(
      'configmaps "a" is forbidden: status unknown for quota: counts, resources: configmaps',
    )
  })

  it("never lets racing writers exceed it, though somebody else writes the quota too", async () => {
    await createQuota("counts", { "count/configmaps": "10" })
    const meddle = async () => {
      const quota = await client.get(ResourceQuota, { namespace, name: "counts" })
      const metadata = { ...quota.metadata, labels: { touched: quota.metadata.resourceVersion } }
      await outcome(client.update(ResourceQuota, { ...quota, metadata }))
    }
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        if (index % 10 === 5) await meddle()
        return outcome(client.create(ConfigMap, { metadata: { namespace, name: `c-${index}` } }))
      }),
    )
    expect(outcomes.filter((each) => each === "allowed")).toHaveLength(10)
    expect((await client.list(ConfigMap, { namespace })).items).toHaveLength(10)
    expect(await usedOf("counts")).toEqual({ "count/configmaps": "10" })
  })

  it("charges nothing for a dry run, but judges it", async () => {
    await createQuota("counts", { pods: "1" })
    expect(await createPod("a", {}, true)).toBe("allowed")
    expect(await usedOf("counts")).toEqual({ pods: "0" })
    expect(await createPod("a")).toBe("allowed")
    expect(await createPod("b", {}, true)).toContain("exceeded quota: counts")
  })

  it("charges every quota in whose scope an object is, or none", async () => {
    await createQuota("all", { pods: "10" })
    await createQuota("unlimited", { pods: "1" }, { scopes: ["BestEffort"] })
    await createQuota("tasks", { pods: "10" }, { scopes: ["Terminating"] })
    expect(await createPod("a")).toBe("allowed")
    expect(await createPod("b")).toContain("exceeded quota: unlimited, requested: pods=1")
    expect(await createPod("c", { ...cpu("1m"), activeDeadlineSeconds: 60 })).toBe("allowed")
    expect([await usedOf("all"), await usedOf("unlimited"), await usedOf("tasks")]).toEqual([
      { pods: "2" },
      { pods: "1" },
      { pods: "1" },
    ])
  })

  it("charges an update for what is more than before", async () => {
    await createQuota("services", { services: "5", "services.nodeports": "2" })
    const ports = [{ port: 80 }, { port: 81 }]
    const service = await client.create(Service, {
      metadata: { namespace, name: "web" },
      spec: { ports: [ports[0]!] },
    })
    const update = (spec: Partial<Service["spec"]>) =>
      outcome(client.update(Service, { ...service, spec: { ...service.spec, ...spec } }))
    const named = [...ports, { port: 82 }].map((port, index) => ({ ...port, name: `p-${index}` }))
    expect(await update({ type: "NodePort", ports: named as Service["spec"]["ports"] })).toContain(
      "exceeded quota: services, requested: services.nodeports=3, used: services.nodeports=0, limited: services.nodeports=2",
    )
    expect(await update({ type: "NodePort" })).toBe("allowed")
    expect(await usedOf("services")).toEqual({ services: "1", "services.nodeports": "1" })
  })

  it("knows storage by class", async () => {
    const name = "gold.storageclass.storage.k8s.io/requests.storage"
    await createQuota("storage", { [name]: "10Gi" })
    const claim = (name: string, storageClassName: string, storage: string) =>
      outcome(
        client.create(PersistentVolumeClaim, {
          metadata: { namespace, name },
          spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } } },
        }),
      )
    expect(await claim("a", "gold", "8Gi")).toBe("allowed")
    expect(await claim("b", "silver", "8Gi")).toBe("allowed")
    expect(await claim("c", "gold", "8Gi")).toContain(`exceeded quota: storage, requested: ${name}=8Gi`)
  })
})
