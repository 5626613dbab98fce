import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Namespace } from "../api/core/v1/namespace.ts"
import { ResourceQuota } from "../api/core/v1/resource-quota.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import { ignoreNotFound } from "../apimachinery/status-error.ts"
import {
  type Custom,
  customResource,
  install,
  widgetDefinition,
} from "../apiserver/custom-resources/testing.ts"
import { discoverResources } from "../client/discover-resources.ts"
import { createGarbageCollector } from "./garbage-collector/garbage-collector.ts"
import { createNamespaceController } from "./namespace/namespace.ts"
import { createResourceQuotaController } from "./resourcequota/resourcequota.ts"
import { startTestCluster, type TestCluster } from "./testing/test-cluster.ts"

const Widget = customResource()

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster(({ transport }) => {
    const discover = () => discoverResources(transport)
    return [
      createGarbageCollector({ discover }),
      createNamespaceController({ discover }),
      createResourceQuotaController({ discover }),
    ]
  })
  await install(cluster.client, widgetDefinition({ type: "object" }))
})
afterEach(() => cluster.stop())

function create(namespace: string, name: string, owner?: KubeObject) {
  const ownerReferences = owner && [
    { apiVersion: "example.com/v1", kind: "Widget", name: owner.metadata.name, uid: owner.metadata.uid },
  ]
  return cluster.client.create(Widget, {
    metadata: { namespace, name, ...(ownerReferences && { ownerReferences }) },
  })
}

const find = (namespace: string, name: string): Promise<Custom | undefined> =>
  cluster.client.get(Widget, { namespace, name }).catch(ignoreNotFound)

/** Controllers look for new kinds twice a minute, and discovery has hashes in it, which take real time. */
const becomes = <T>(read: () => Promise<T>) =>
  expect.poll(
    async () => {
      await cluster.advance(10_000)
      return read()
    },
    { timeout: 10_000 },
  )

describe("controllers that follow discovery, over a kind that was defined after they started", () => {
  it("take what a deleted custom resource owns", async () => {
    const owner = await create("default", "owner")
    await create("default", "child", owner)
    await create("default", "orphan", owner)
    await cluster.edit(Widget, { namespace: "default", name: "orphan" }, ({ metadata }) => {
      delete metadata.ownerReferences
    })
    await cluster.client.delete(
      Widget,
      { namespace: "default", name: "owner" },
      { propagationPolicy: "Background" },
    )
    await becomes(() => find("default", "child")).toBeUndefined()
    expect(await find("default", "orphan")).toBeDefined()
  })

  it("wait for what a custom resource owns, and let go of what it shall leave", async () => {
    const owner = await create("default", "owner")
    await create("default", "child", owner)
    const key = { namespace: "default", name: "owner" }
    await cluster.client.delete(Widget, key, { propagationPolicy: "Orphan" })
    await becomes(() => find("default", "owner")).toBeUndefined()
    expect((await find("default", "child"))!.metadata.ownerReferences ?? []).toEqual([])
    const second = await create("default", "owner")
    await create("default", "grandchild", second)
    const ending = await cluster.client.delete(Widget, key, { propagationPolicy: "Foreground" })
    expect(ending).toMatchObject({ metadata: { finalizers: ["foregroundDeletion"] } })
    await becomes(() => find("default", "owner")).toBeUndefined()
    expect(await find("default", "grandchild")).toBeUndefined()
  })

  it("empty a namespace of custom resources", async () => {
    await cluster.client.create(Namespace, { metadata: { name: "away" } })
    await create("away", "a")
    await create("default", "b")
    await cluster.client.delete(Namespace, { name: "away" })
    await becomes(() => cluster.client.get(Namespace, { name: "away" }).catch(ignoreNotFound)).toBeUndefined()
    const { items } = await cluster.client.list(Widget)
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["b"])
  })

  it("count custom resources", async () => {
    await create("default", "a")
    const key = { namespace: "default", name: "few" }
    const spec = { hard: { "count/widgets.example.com": "2" } }
    await cluster.client.create(ResourceQuota, { metadata: key, spec })
    const used = async () => (await cluster.client.get(ResourceQuota, key)).status?.used
    await becomes(used).toEqual({ "count/widgets.example.com": "1" })
    await create("default", "b")
    await becomes(used).toEqual({ "count/widgets.example.com": "2" })
    await cluster.client.delete(Widget, { namespace: "default", name: "a" })
    await becomes(used).toEqual({ "count/widgets.example.com": "1" })
  })
})
