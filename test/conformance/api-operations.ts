import { expect } from "vitest"
import { type Answer, conformance, type Json, type World } from "./harness.ts"

export interface Operated {
  /** The official suite's name for it. */
  readonly codename: string
  /** "v1" or "group/version" */
  readonly apiVersion: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
  /** An object without metadata; names and labels are put in. */
  readonly draft: (name: string, world: World) => Json
  /** Has a status that may be written apart; the fields to write. */
  readonly status?: Json
  /** Names that must be addresses, or have a meaning otherwise. */
  readonly nameOf?: (index: number) => string
  /** What has to be there before. */
  readonly prepare?: (world: World) => Promise<void>
  /** A field to change beside metadata: JSON merge patch. */
  readonly change?: Json
}

/** All eight verbs on one kind, seen by a watch, as the suite's "API operations" and "lifecycle" tests ask for. */
export function supportsAllOperations(operated: Operated): void {
  conformance(operated.codename, async (world) => {
    await operated.prepare?.(world)
    await expectDiscovered(world, operated)
    await operate(world, operated)
  })
}

async function expectDiscovered({ api }: World, { apiVersion, plural, kind, namespaced, status }: Operated) {
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`
  const { resources } = await api.get(root)
  const find = (name: string) => (resources as Json[]).find((each) => each["name"] === name)
  expect(find(plural)).toMatchObject({ kind, namespaced })
  for (const verb of ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]) {
    expect(find(plural)!["verbs"]).toContain(verb)
  }
  if (status) expect(find(`${plural}/status`)!["verbs"]).toEqual(["get", "patch", "update"])
}

async function operate(world: World, operated: Operated): Promise<void> {
  const { api, namespace } = world
  const { apiVersion, plural, kind, namespaced, draft, nameOf } = operated
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`
  const collection = namespaced ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`
  const everywhere = `${root}/${plural}`
  const labels = { "conformance-run": namespace }
  const selecting = { labelSelector: `conformance-run=${namespace}` }
  const object = (index: number) => {
    const name = nameOf?.(index) ?? `${namespace}-${index}`
    return { apiVersion, kind, metadata: { name, labels }, ...draft(name, world) }
  }
  const before = await api.get(collection, selecting)
  expect(before["items"]).toEqual([])
  const watched = untilUpdated(
    api.watch(everywhere, { ...selecting, resourceVersion: before["metadata"].resourceVersion }),
  )

  const created = await api.create(collection, object(0))
  const path = `${collection}/${created["metadata"].name}`
  expect(created).toMatchObject({ apiVersion, kind, metadata: { labels } })
  expect(created["metadata"].uid).toBeTruthy()
  const found = await api.get(path)
  expect(found["metadata"].uid).toBe(created["metadata"].uid)
  await api.create(collection, object(1))
  const twins = await api.send("POST", collection, { body: object(1) })
  expect([twins.status, twins.body["reason"]]).toEqual([409, "AlreadyExists"])

  for (const url of [collection, everywhere]) {
    const { items } = await api.get(url, selecting)
    expect(items.map(({ metadata }: Json) => metadata.uid)).toContain(created["metadata"].uid)
    expect(items.length).toBe(2)
  }
  const patched = await api.patch(path, {
    metadata: { annotations: { patched: "true" } },
    ...operated.change,
  })
  expect(patched["metadata"].annotations.patched).toBe("true")
  if (operated.change) expect(patched).toMatchObject(operated.change)
  const updated = await retryOnConflict(async () => {
    const newest = await api.get(path)
    newest["metadata"].annotations.updated = "true"
    return api.send("PUT", path, { body: newest })
  })
  expect(updated["metadata"].annotations).toMatchObject({ patched: "true", updated: "true" })
  await expectEvents(watched, kind)
  if (operated.status) await operateStatus(world, path, operated.status)

  await api.delete(path)
  await expectGone(world, path)
  await api.delete(collection, { query: selecting })
  await expectGone(world, `${collection}/${object(1).metadata.name}`)
}

/** What the watch has told of the first object when its last change has come; controllers may have changed it as well. */
async function untilUpdated(watch: AsyncIterable<Json>): Promise<Json[]> {
  const events: Json[] = []
  for await (const event of watch) {
    events.push(event)
    if (event["object"].metadata.annotations?.updated) break
  }
  return events
}

async function expectEvents(watched: Promise<Json[]>, kind: string): Promise<void> {
  const events = await watched
  for (const { object } of events) expect(object.kind).toBe(kind)
  const first = events[0]!["object"].metadata.uid
  const types = events.filter(({ object }) => object.metadata.uid === first).map(({ type }) => type)
  expect(types.slice(0, 2)).toEqual(["ADDED", "MODIFIED"])
  expect(types.at(-1)).toBe("MODIFIED")
  expect(events.filter(({ type }) => type === "ADDED").length).toBe(2)
}

/** Controllers write too: a writer that lost the race reads again. */
async function retryOnConflict(write: () => Promise<Answer>): Promise<Json> {
  for (;;) {
    const { status, body } = await write()
    if (status === 409) continue
    expect(status, body["message"]).toBeLessThan(300)
    return body
  }
}

async function operateStatus({ api }: World, path: string, status: Json): Promise<void> {
  const url = `${path}/status`
  expect((await api.get(url))["metadata"].name).toBeTruthy()
  const patched = await api.patch(url, { metadata: { annotations: { patchedstatus: "true" } }, status })
  expect(patched["status"]).toMatchObject(status)
  const updated = await retryOnConflict(async () => {
    const newest = await api.get(url)
    return api.send("PUT", url, { body: { ...newest, status: patched["status"] } })
  })
  expect(updated["status"]).toMatchObject(status)
}

/** At once, or when its finalizers have been taken off. */
async function expectGone({ api }: World, path: string): Promise<void> {
  const end = performance.now() + 20_000
  for (;;) {
    const { status, body } = await api.send("GET", path)
    if (status === 404) return
    expect(body["metadata"].deletionTimestamp, `${path} is being deleted`).toBeTruthy()
    if (performance.now() > end) throw new Error(`${path} does not go: ${JSON.stringify(body["metadata"])}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
