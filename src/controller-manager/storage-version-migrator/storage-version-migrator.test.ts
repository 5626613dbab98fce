import { afterEach, beforeEach, expect, it } from "vitest"
import { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { StorageVersionMigration } from "../../api/storagemigration/v1beta1/storage-version-migration.ts"
import { resource } from "../../apimachinery/resource.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { discoverResources } from "../../client/discover-resources.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createStorageVersionMigrator } from "./storage-version-migrator.ts"

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster(({ transport }) => [
    createStorageVersionMigrator({ discover: () => discoverResources(transport) }),
  ])
})
afterEach(() => cluster.stop())

async function migrate(name: string, of: { group?: string; resource: string }): Promise<void> {
  await cluster.client.create(StorageVersionMigration, { metadata: { name }, spec: { resource: of } })
}

async function conditions(name: string) {
  const { status } = await cluster.client.get(StorageVersionMigration, { name })
  return Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: state, reason }) => [type, [state, reason]]),
  )
}

/** Discovery has hashes in it, which take real time. */
const becomes = (name: string, expected: object) =>
  expect
    .poll(async () => {
      await cluster.advance(100)
      return conditions(name)
    })
    .toEqual(expected)

const over = {
  Running: ["False", "MigrationCompleted"],
  Succeeded: ["True", "StorageVersionMigrationSucceeded"],
}

const version = (name: string, storage: boolean) => ({
  name,
  storage,
  served: true,
  schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
})

it("writes custom resources again, after which their old version is no longer stored", async () => {
  const { client, server } = cluster
  const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" }
  await client.create(CustomResourceDefinition, {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names,
      versions: [version("v1", true), version("v2", false)],
    },
  })
  await cluster.advance(100)
  const Widget = resource<KubeObject>({
    group: "example.com",
    version: "v1",
    kind: "Widget",
    plural: "widgets",
    namespaced: true,
    schema: { kind: "object", fields: {}, preserveUnknownFields: true },
  })
  await client.create(Widget, { metadata: { namespace: "default", name: "a" } })
  const definition = await client.get(CustomResourceDefinition, { name: "widgets.example.com" })
  const versions = [version("v1", false), version("v2", true)]
  await client.update(CustomResourceDefinition, {
    ...definition,
    spec: { ...definition.spec, versions },
  })
  await cluster.advance(100)
  await migrate("widgets", { group: "example.com", resource: "widgets" })
  await becomes("widgets", over)
  const { kvs } = await server.store.range({ key: "/registry/example.com/widgets/default/a" })
  expect(JSON.parse(new TextDecoder().decode(kvs[0]!.value))).toMatchObject({ apiVersion: "example.com/v2" })
  const { status } = await client.get(CustomResourceDefinition, { name: "widgets.example.com" })
  expect(status.storedVersions).toEqual(["v2"])
  expect(status.conditions?.find(({ type }) => type === "StorageMigrating")).toMatchObject({
    status: "False",
    reason: "MigrationSucceeded",
  })
  expect(cluster.errors).toEqual([])
})

it("leaves alone what is stored as it would be today", async () => {
  const made = await cluster.client.create(ConfigMap, { metadata: { namespace: "default", name: "a" } })
  await migrate("maps", { resource: "configmaps" })
  await becomes("maps", over)
  const after = await cluster.client.get(ConfigMap, { namespace: "default", name: "a" })
  expect(after.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
})

it("waits for a resource that may be on its way, and gives up on one that is not", async () => {
  await migrate("none", { group: "example.com", resource: "nothings" })
  await cluster.advance(10_000)
  expect(await conditions("none")).toEqual({ Running: ["True", "MigrationRunning"] })
  await cluster.advance(60_000)
  await becomes("none", {
    Running: ["False", "MigrationCompleted"],
    Failed: ["True", "StorageVersionMigrationFailed"],
  })
})

it("takes those of one resource in turn", async () => {
  await migrate("first", { resource: "configmaps" })
  await migrate("second", { resource: "configmaps" })
  await becomes("first", over)
  await becomes("second", over)
})
