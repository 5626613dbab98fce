import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { builtInResources } from "../../api/index.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import type { KubeObject, OwnerReference } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createGarbageCollector } from "./garbage-collector.ts"

const servable = builtInResources.filter(({ verbs }) => verbs.includes("list"))

let cluster: TestCluster
beforeEach(async () => {
  const discover = async () => ({ resources: servable, stale: [] })
  cluster = await startTestCluster([createGarbageCollector({ discover })])
})
afterEach(() => cluster.stop())

const namespace = "default"

function owns(owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference {
  const { name, uid } = owner.metadata
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, ...more }
}

function create(name: string, ...ownerReferences: OwnerReference[]) {
  return cluster.client.create(ConfigMap, { metadata: { namespace, name, ownerReferences } })
}

async function find(name: string, resource: Resource = ConfigMap): Promise<KubeObject | undefined> {
  return cluster.client.get(resource, { namespace, name }).catch(ignoreNotFound)
}

async function remove(name: string, propagationPolicy: "Foreground" | "Background" | "Orphan") {
  await cluster.client.delete(ConfigMap, { namespace, name }, { propagationPolicy })
  await cluster.advance(100)
}

describe("garbage collector", () => {
  it("takes what a deleted owner leaves, down all generations and across kinds", async () => {
    const owner = await create("owner")
    const child = await create("child", owns(owner))
    await cluster.client.create(Secret, {
      metadata: { namespace, name: "grandchild", ownerReferences: [owns(child)] },
    })
    await remove("owner", "Background")
    expect(await find("child")).toBeUndefined()
    expect(await find("grandchild", Secret)).toBeUndefined()
    expect(cluster.errors).toEqual([])
  })

  it("keeps what still has another owner, and forgets the one that has gone", async () => {
    const [first, second] = [await create("first"), await create("second")]
    await create("child", owns(first), owns(second))
    await remove("first", "Background")
    expect((await find("child"))!.metadata.ownerReferences).toEqual([owns(second)])
    await remove("second", "Background")
    expect(await find("child")).toBeUndefined()
  })

  it("takes an object whose owner never existed, or was replaced by another of the same name", async () => {
    const owner = await create("owner")
    await create("stray", owns(owner, { uid: "3f0c0f3c-0000-4000-8000-000000000000" }))
    await create("lost", owns(owner, { name: "nobody", uid: "3f0c0f3c-0000-4000-8000-000000000001" }))
    await cluster.advance(100)
    expect(await find("stray")).toBeUndefined()
    expect(await find("lost")).toBeUndefined()
    expect(await find("owner")).toBeDefined()
  })

  it("sets free what is to outlive its owner", async () => {
    await create("child", owns(await create("owner")))
    await remove("owner", "Orphan")
    expect(await find("owner")).toBeUndefined()
    expect((await find("child"))!.metadata.ownerReferences ?? []).toEqual([])
  })

  it("holds an owner that is deleted in the foreground until what blocks it has gone", async () => {
    const owner = await create("owner")
    await cluster.client.create(ConfigMap, {
      metadata: {
        namespace,
        name: "child",
        ownerReferences: [owns(owner, { blockOwnerDeletion: true })],
        finalizers: ["example.com/hold"],
      },
    })
    await remove("owner", "Foreground")
    expect((await find("owner"))?.metadata.finalizers).toEqual(["foregroundDeletion"])
    expect((await find("child"))?.metadata.deletionTimestamp).toBeDefined()
    await cluster.edit(ConfigMap, { namespace, name: "child" }, ({ metadata }) => (metadata.finalizers = []))
    await cluster.advance(100)
    expect(await find("child")).toBeUndefined()
    expect(await find("owner")).toBeUndefined()
  })

  it("does not wait in the foreground for what does not block", async () => {
    const owner = await create("owner")
    await create("child", owns(owner))
    await remove("owner", "Foreground")
    expect(await find("owner")).toBeUndefined()
    expect(await find("child")).toBeUndefined()
  })

  it("resolves objects that own each other", async () => {
    const first = await create("first")
    const second = await create("second", owns(first, { blockOwnerDeletion: true }))
    await cluster.edit(ConfigMap, first.metadata, ({ metadata }) => {
      metadata.ownerReferences = [owns(second, { blockOwnerDeletion: true })]
    })
    await remove("first", "Foreground")
    await cluster.advance(2000)
    expect([await find("first"), await find("second")]).toEqual([undefined, undefined])
  })

  it("does not accept an owner of another namespace, and says so", async () => {
    await cluster.client.create(Namespace, { metadata: { name: "other" } })
    const owner = await cluster.client.create(ConfigMap, { metadata: { namespace: "other", name: "owner" } })
    await create("child", owns(owner))
    await cluster.advance(100)
    expect(await find("child")).toBeUndefined()
    const [event] = await cluster.events({ kind: "ConfigMap" })
    expect(event).toMatch(
      /^Warning OwnerRefInvalidNamespace ownerRef \[v1\/ConfigMap, namespace: default, name: owner, uid: .*\] does not exist in namespace "default"$/,
    )
  })

  it("tries again and again when it does not know the owner's kind, and deletes nothing", async () => {
    await create("child", { apiVersion: "example.com/v1", kind: "Thing", name: "thing", uid: "1" })
    await cluster.advance(1000)
    expect(await find("child")).toBeDefined()
    expect(cluster.errors[0]).toContain("unable to get REST mapping for example.com/v1/Thing.")
  })
})
