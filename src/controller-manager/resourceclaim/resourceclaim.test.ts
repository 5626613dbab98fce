import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceClaimTemplate } from "../../api/resource/v1/resource-claim-template.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { generateNameOf } from "./pod-resource-claims.ts"
import { resourceClaimController } from "./resourceclaim.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster([resourceClaimController])
})
afterEach(() => cluster.stop())

const namespace = "default"
const devices = { requests: [{ name: "gpu", exactly: { deviceClassName: "gpu" } }] }

async function createPod(
  resourceClaims: NonNullable<Pod["spec"]["resourceClaims"]>,
  nodeName?: string,
  name = "web",
) {
  const pod = await cluster.client.create(Pod, {
    metadata: { namespace, name },
    spec: { containers: [{ name: "web", image: "web" }], resourceClaims, ...(nodeName && { nodeName }) },
  })
  await cluster.advance(100)
  return pod
}

async function createTemplate() {
  await cluster.client.create(ResourceClaimTemplate, {
    metadata: { namespace, name: "gpu" },
    spec: { metadata: { labels: { from: "template" } }, spec: { devices } },
  })
  await cluster.advance(100)
}

const claims = async () => (await cluster.client.list(ResourceClaim, { namespace })).items
const pod = () => cluster.client.get(Pod, { namespace, name: "web" })

async function allocate(name: string, uid: string, podName = "web") {
  await cluster.edit(ResourceClaim, { namespace, name }, ({ metadata }) => {
    metadata.finalizers = ["resource.kubernetes.io/delete-protection"]
  })
  const claim = structuredClone(await cluster.client.get(ResourceClaim, { namespace, name }))
  claim.status = {
    allocation: {
      devices: { results: [{ request: "gpu", driver: "gpu.example.com", pool: "pool", device: "gpu-0" }] },
    },
    reservedFor: [{ resource: "pods", name: podName, uid }],
  }
  await cluster.client.updateStatus(ResourceClaim, claim)
  await cluster.advance(100)
}

describe("a pod with a template", () => {
  it("gets a claim of its own and is told its name, also when the template comes later", async () => {
    const { metadata } = await createPod([{ name: "gpu", resourceClaimTemplateName: "gpu" }])
    expect((await cluster.events())[0]).toBe(
      'Warning FailedResourceClaimCreation PodResourceClaim gpu: resource claim template "gpu": resourceclaimtemplate.resource.k8s.io "gpu" not found',
    )
    await createTemplate()
    const [claim, ...others] = await claims()
    expect(others).toEqual([])
    expect(claim!.metadata.name).toMatch(/^web-gpu-[a-z0-9]{5}$/)
    expect(claim!.metadata).toMatchObject({
      labels: { from: "template" },
      annotations: { "resource.kubernetes.io/pod-claim-name": "gpu" },
      ownerReferences: [{ kind: "Pod", uid: metadata.uid, controller: true }],
    })
    expect((await pod()).status.resourceClaimStatuses).toEqual([
      { name: "gpu", resourceClaimName: claim!.metadata.name },
    ])
  })

  it("gives the devices back when it is done, and the claim goes", async () => {
    await createTemplate()
    const { metadata } = await createPod([{ name: "gpu", resourceClaimTemplateName: "gpu" }])
    await allocate((await claims())[0]!.metadata.name, metadata.uid)
    const current = await pod()
    await cluster.client.updateStatus(Pod, { ...current, status: { ...current.status, phase: "Succeeded" } })
    await cluster.advance(100)
    expect(await claims()).toEqual([])
    expect(cluster.errors).toEqual([])
  })
})

describe("a claim that several may use", () => {
  const key = { namespace, name: "shared" }
  beforeEach(async () => {
    await cluster.client.create(ResourceClaim, { metadata: key, spec: { devices } })
  })

  it("stays when its pod goes, without devices", async () => {
    const { metadata } = await createPod([{ name: "gpu", resourceClaimName: "shared" }])
    await allocate("shared", metadata.uid)
    await cluster.client.delete(Pod, { namespace, name: "web" }, { gracePeriodSeconds: 0 })
    await cluster.advance(100)
    const claim = await cluster.client.get(ResourceClaim, key)
    expect(claim.status).toEqual({})
    expect(claim.metadata.finalizers ?? []).toEqual([])
  })

  it("is reserved for a pod that got its node without the scheduler", async () => {
    const other = await createPod([{ name: "gpu", resourceClaimName: "shared" }], "node-1", "other")
    await allocate("shared", other.metadata.uid, "other")
    const { metadata } = await createPod([{ name: "gpu", resourceClaimName: "shared" }], "node-1")
    expect((await cluster.client.get(ResourceClaim, key)).status.reservedFor).toEqual([
      { resource: "pods", name: "other", uid: other.metadata.uid },
      { resource: "pods", name: "web", uid: metadata.uid },
    ])
  })
})

it("shortens long names alike", () => {
  const long = { metadata: { name: "p".repeat(60) } } as Pod
  expect(generateNameOf(long, { name: "c".repeat(60) })).toMatch(/^p{27,29}-c{27,29}$/)
})
