import { expect } from "vitest"
import { type Api, conformance, type Json, nextEvents, useCluster } from "./harness.ts"

useCluster()

const label = "watch-this-configmap"
const configMap = (name: string, value: string) => ({ metadata: { name, labels: { [label]: value } } })
const path = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`
const selecting = (value: string) => ({ labelSelector: `${label} in (${value})` })
const line = ({ type, object }: Json) =>
  `${type} ${object.metadata.name} ${object.data?.mutation ?? ""}`.trim()

async function mutate(api: Api, url: string, mutation: string): Promise<Json> {
  return api.patch(url, { data: { mutation } })
}

async function list(api: Api, url: string): Promise<string> {
  return (await api.get(url))["metadata"].resourceVersion
}

conformance(
  "[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps [Conformance]",
  async ({ api, namespace }) => {
    const url = path(namespace)
    const resourceVersion = await list(api, url)
    const from = { resourceVersion }
    const a = nextEvents(api.watch(url, { ...from, ...selecting("a") }), 4)
    const b = nextEvents(api.watch(url, { ...from, ...selecting("b") }), 2)
    const both = nextEvents(api.watch(url, { ...from, ...selecting("a,b") }), 6)
    await api.create(url, configMap("a", "a"))
    await mutate(api, `${url}/a`, "1")
    await mutate(api, `${url}/a`, "2")
    await api.delete(`${url}/a`)
    await api.create(url, configMap("b", "b"))
    await api.delete(`${url}/b`)
    const ofA = ["ADDED a", "MODIFIED a 1", "MODIFIED a 2", "DELETED a 2"]
    const ofB = ["ADDED b", "DELETED b"]
    expect((await a).map(line)).toEqual(ofA)
    expect((await b).map(line)).toEqual(ofB)
    expect((await both).map(line)).toEqual([...ofA, ...ofB])
  },
)

conformance(
  "[sig-api-machinery] Watchers should be able to start watching from a specific resource version [Conformance]",
  async ({ api, namespace }) => {
    const url = path(namespace)
    await api.create(url, configMap("a", "a"))
    const first = await mutate(api, `${url}/a`, "1")
    await mutate(api, `${url}/a`, "2")
    await api.delete(`${url}/a`)
    const query = { resourceVersion: first["metadata"].resourceVersion, ...selecting("a") }
    expect((await nextEvents(api.watch(url, query), 2)).map(line)).toEqual(["MODIFIED a 2", "DELETED a 2"])
  },
)

conformance(
  "[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch [Conformance]",
  async ({ api, namespace }) => {
    const url = path(namespace)
    const resourceVersion = await list(api, url)
    const observed = nextEvents(api.watch(url, { resourceVersion, ...selecting("a") }), 2)
    await api.create(url, configMap("a", "a"))
    await mutate(api, `${url}/a`, "1")
    const last = (await observed)[1]!["object"].metadata.resourceVersion
    await mutate(api, `${url}/a`, "2")
    await api.delete(`${url}/a`)
    const rest = await nextEvents(api.watch(url, { resourceVersion: last, ...selecting("a") }), 2)
    expect(rest.map(line)).toEqual(["MODIFIED a 2", "DELETED a 2"])
  },
)

conformance(
  "[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector [Conformance]",
  async ({ api, namespace }) => {
    const url = path(namespace)
    const resourceVersion = await list(api, url)
    const observed = nextEvents(api.watch(url, { resourceVersion, ...selecting("a") }), 6)
    const relabel = (value: string) => api.patch(`${url}/a`, { metadata: { labels: { [label]: value } } })
    await api.create(url, configMap("a", "a"))
    await mutate(api, `${url}/a`, "1")
    await relabel("wrong")
    await mutate(api, `${url}/a`, "2")
    await relabel("a")
    await mutate(api, `${url}/a`, "3")
    await api.delete(`${url}/a`)
    expect((await observed).map(line)).toEqual([
      "ADDED a",
      "MODIFIED a 1",
      "DELETED a 1",
      "ADDED a 2",
      "MODIFIED a 3",
      "DELETED a 3",
    ])
  },
)

conformance(
  "[sig-api-machinery] Watchers should receive events on concurrent watches in same order [Conformance]",
  async ({ api, namespace }) => {
    const url = path(namespace)
    const count = 30
    const resourceVersion = await list(api, url)
    const versions = async (from: string) =>
      (await nextEvents(api.watch(url, { resourceVersion: from }), count)).map(
        ({ object }) => object.metadata.resourceVersion as string,
      )
    const first = versions(resourceVersion)
    for (let index = 0; index < count; index++) await api.create(url, { metadata: { name: `c${index}` } })
    const order = await first
    expect(new Set(order).size).toBe(count)
    const others = await Promise.all(Array.from({ length: 10 }, () => versions(resourceVersion)))
    for (const other of others) expect(other).toEqual(order)
  },
)
