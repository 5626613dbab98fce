import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ComponentStatus } from "../api/core/v1/component-status.ts"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { Deployment } from "../api/apps/v1/deployment.ts"
import { startTestServer, type TestServer } from "./testing.ts"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

const configMap = (name: string, data: Record<string, string> = {}) => ({
  metadata: { namespace: "default", name, labels: { app: name } },
  data,
})

describe("objects", () => {
  test("are created, read, listed, updated and deleted", async () => {
    const { client } = server
    const created = await client.create(ConfigMap, configMap("a", { x: "1" }))
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(created.metadata.resourceVersion).toMatch(/^\d+$/)
    expect(await client.get(ConfigMap, created.metadata)).toBe(created)

    const updated = await client.update(ConfigMap, { ...created, data: { x: "2" } })
    expect(updated.data).toEqual({ x: "2" })
    expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(Number(created.metadata.resourceVersion))
    const stale = client.update(ConfigMap, { ...created, data: { x: "3" } })
    await expect(stale).rejects.toThrow(
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    )

    const list = await client.list(ConfigMap, { namespace: "default" })
    expect(list.items).toEqual([updated])
    await client.delete(ConfigMap, { namespace: "default", name: "a" })
    const gone = client.get(ConfigMap, { namespace: "default", name: "a" })
    await expect(gone).rejects.toThrow('configmaps "a" not found')
  })

  test("a write that changes nothing uses no version", async () => {
    const { client } = server
    const created = await client.create(ConfigMap, configMap("a", { x: "1" }))
    expect(await client.update(ConfigMap, structuredClone(created))).toBe(created)
  })

  test("generateName makes names", async () => {
    const { client } = server
    const made = await client.create(ConfigMap, { metadata: { namespace: "default", generateName: "web-" } })
    expect(made.metadata.name).toMatch(/^web-[a-z0-9]{5}$/)
  })

  test("selectors", async () => {
    const { client } = server
    await client.create(ConfigMap, configMap("a"))
    await client.create(ConfigMap, configMap("b"))
    const names = async (options: object) =>
      (await client.list(ConfigMap, options)).items.map((each) => each.metadata.name)
    expect(await names({ labelSelector: "app in (b)" })).toEqual(["b"])
    expect(await names({ fieldSelector: "metadata.name=a" })).toEqual(["a"])
    expect(await names({ namespace: "other" })).toEqual([])
  })

  test("status and spec are written apart", async () => {
    const { client } = server
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "web" }] },
    }
    const created = await client.create(Deployment, {
      metadata: { namespace: "default", name: "web" },
      spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, template },
      status: { replicas: 7 },
    })
    expect(created.status.replicas).toBeUndefined()
    expect(created.metadata.generation).toBe(1)
    const reported = await client.updateStatus(Deployment, {
      ...created,
      spec: { ...created.spec, replicas: 9 },
      status: { replicas: 1 },
    })
    expect(reported.status.replicas).toBe(1)
    expect(reported.spec.replicas).toBe(1)
    const scaled = await client.update(Deployment, {
      ...reported,
      spec: { ...reported.spec, replicas: 2 },
      status: {},
    })
    expect(scaled.status.replicas).toBe(1)
    expect(scaled.metadata.generation).toBe(2)
  })

  test("finalizers hold an object until they are gone", async () => {
    const { client } = server
    const object = configMap("a")
    const created = await client.create(ConfigMap, {
      ...object,
      metadata: { ...object.metadata, finalizers: ["example.com/wait"] },
    })
    await client.delete(ConfigMap, created.metadata)
    const marked = await client.get(ConfigMap, created.metadata)
    expect(marked.metadata.deletionTimestamp).toBeDefined()
    await client.update(ConfigMap, { ...marked, metadata: { ...marked.metadata, finalizers: [] } })
    await expect(client.get(ConfigMap, created.metadata)).rejects.toThrow("not found")
  })
})

test("a dry run judges and changes nothing, and its outcome has no version", async () => {
  const { client } = server
  const tried = await client.create(ConfigMap, configMap("a"), { dryRun: true })
  expect(tried.metadata.uid).toBeTruthy()
  expect(tried.metadata.resourceVersion).toBeUndefined()
  expect((await client.list(ConfigMap)).items).toEqual([])
  const made = await client.create(ConfigMap, configMap("a", { x: "1" }))
  const changed = await client.update(ConfigMap, { ...made, data: { x: "2" } }, { dryRun: true })
  expect([changed.data, changed.metadata.resourceVersion]).toEqual([
    { x: "2" },
    made.metadata.resourceVersion,
  ])
  await client.delete(ConfigMap, made.metadata, { dryRun: true })
  expect(await client.get(ConfigMap, made.metadata)).toBe(made)
})

test("the old question after the health of components is answered", async () => {
  const { items } = await server.client.list(ComponentStatus)
  expect(items).toMatchObject([
    { metadata: { name: "etcd-0" }, conditions: [{ type: "Healthy", status: "True" }] },
  ])
})

describe("watch", () => {
  test("tells what is there and what changes, to many at once", async () => {
    const { client } = server
    await client.create(ConfigMap, configMap("a"))
    const watches = await Promise.all([1, 2].map(() => client.watch(ConfigMap, { namespace: "default" })))
    const told = watches.map((each) => take(each, 4))
    const b = await client.create(ConfigMap, configMap("b"))
    await client.update(ConfigMap, { ...b, data: { x: "1" } })
    await client.delete(ConfigMap, b.metadata)
    for (const events of await Promise.all(told)) {
      expect(events).toEqual(["ADDED a", "ADDED b", "MODIFIED b", "DELETED b"])
    }
  })

  test("a selector turns changes into arrivals and departures", async () => {
    const { client } = server
    const a = await client.create(ConfigMap, configMap("a"))
    const watch = await client.watch(ConfigMap, {
      labelSelector: "app=x",
      resourceVersion: a.metadata.resourceVersion,
    })
    const told = take(watch, 2)
    const x = await client.update(ConfigMap, { ...a, metadata: { ...a.metadata, labels: { app: "x" } } })
    await client.update(ConfigMap, { ...x, metadata: { ...x.metadata, labels: {} } })
    expect(await told).toEqual(["ADDED a", "DELETED a"])
  })
})

test("pages are of one version", async () => {
  const { client } = server
  for (const name of ["a", "b", "c"]) await client.create(ConfigMap, configMap(name))
  const first = await client.list(ConfigMap, { namespace: "default", limit: 2 })
  expect(first.items.map((each) => each.metadata.name)).toEqual(["a", "b"])
  expect(first.metadata.remainingItemCount).toBe(1)
  await client.delete(ConfigMap, { namespace: "default", name: "c" })
  const token = first.metadata.continue!
  const second = await client.list(ConfigMap, { namespace: "default", limit: 2, continue: token })
  expect(second.items.map((each) => each.metadata.name)).toEqual(["c"])
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
})

test("objects of components are shared and frozen", async () => {
  const { client } = server
  const pod = await client.create(Pod, {
    metadata: { namespace: "default", name: "p" },
    spec: { containers: [{ name: "c", image: "i" }] },
  })
  expect(Object.isFrozen(pod.spec.containers[0])).toBe(true)
})

async function take(
  events: AsyncIterable<{ type: string; object: { metadata: { name: string } } }>,
  count: number,
): Promise<string[]> {
  const told: string[] = []
  for await (const { type, object } of events) {
    told.push(`${type} ${object.metadata.name}`)
    if (told.length === count) break
  }
  return told
}
