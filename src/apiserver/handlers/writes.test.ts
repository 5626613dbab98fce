import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Lease } from "../../api/coordination/v1/lease.ts"
import type { Attributes } from "../authorization/authorizer.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { answerOf, type RawRequest } from "../raw-request.ts"

let server: TestServer
/** Verbs that nobody may use. */
let forbidden: Set<string>
beforeEach(async () => {
  forbidden = new Set()
  const allowed = ({ verb }: Attributes) => !forbidden.has(verb)
  server = await startTestServer({
    authorizer: {
      authorize: (attributes) => ({ decision: allowed(attributes) ? "allowed" : "denied", reason: "" }),
      rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
    },
  })
})
afterEach(() => server.stop())

const send = (request: RawRequest) => answerOf(server.server, request)
const maps = "/api/v1/namespaces/default/configmaps"

describe("what makes a new object without a POST", () => {
  test("an apply needs the right to create", async () => {
    forbidden.add("create")
    const contentType = "application/apply-patch+yaml"
    const body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    const path = `${maps}/a?fieldManager=me`
    const refused = await send({ method: "PATCH", path, body, contentType })
    expect(refused.status).toBe(403)
    expect(refused.value.message).toBe(
      'configmaps "a" is forbidden: User "tester" cannot create resource "configmaps" in API group "" in the namespace "default"',
    )
    forbidden.clear()
    expect(await send({ method: "PATCH", path, body, contentType })).toMatchObject({ status: 201 })
    forbidden.add("create")
    expect(await send({ method: "PATCH", path, body, contentType })).toMatchObject({ status: 200 })
  })

  test("and so does an update", async () => {
    forbidden.add("create")
    const path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/a"
    const body = JSON.stringify({ kind: Lease.kind, metadata: { name: "a" }, spec: {} })
    expect(await send({ method: "PUT", path, body })).toMatchObject({ status: 403 })
    forbidden.clear()
    expect(await send({ method: "PUT", path, body })).toMatchObject({ status: 201 })
  })
})

test("owner references that are there twice are told and kept once", async () => {
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "o", uid: "u1" }
  const metadata = { name: "a", ownerReferences: [owner, { ...owner, uid: "u2" }, owner] }
  const made = await send({ method: "POST", path: maps, body: JSON.stringify({ metadata }) })
  expect(made.headers["warning"]).toEqual([
    expect.stringContaining("duplicate entries; API server dedups owner references in 1.20+"),
  ])
  const { metadata: stored } = await server.client.get(ConfigMap, { namespace: "default", name: "a" })
  expect(stored.ownerReferences?.map(({ uid }) => uid)).toEqual(["u1", "u2"])
})

describe("what is larger than the store takes", () => {
  const deployments = "/apis/apps/v1/namespaces/default/deployments"
  const labels = { a: "b" }
  const deployment = (count: number) => {
    const containers = [
      { name: "c", image: "i", args: Array.from({ length: count }, () => "x".repeat(1000)) },
    ]
    const template = { metadata: { labels }, spec: { containers } }
    return { metadata: { name: "a" }, spec: { selector: { matchLabels: labels }, template } }
  }
  const refusal = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "etcdserver: request is too large",
    code: 500,
  }

  test("is refused in the store's words", async () => {
    const post = (count: number) =>
      send({ method: "POST", path: deployments, body: JSON.stringify(deployment(count)) })
    expect(await post(1600)).toMatchObject({ status: 500, value: refusal })
    expect(await post(1000)).toMatchObject({ status: 201 })
    const path = `${deployments}/a`
    expect(await send({ method: "PUT", path, body: JSON.stringify(deployment(1600)) })).toMatchObject({
      status: 500,
      value: refusal,
    })
    const applied = { apiVersion: "apps/v1", kind: "Deployment", ...deployment(1600) }
    const contentType = "application/apply-patch+yaml"
    const body = JSON.stringify(applied)
    expect(
      await send({ method: "PATCH", path: `${path}?fieldManager=me&force=true`, body, contentType }),
    ).toMatchObject({ status: 500, value: refusal })
  })

  test("is kept without its owners where that is enough", async () => {
    const data = Object.fromEntries(Array.from({ length: 64_000 }, (_, index) => [`k${10_000 + index}`, ""]))
    const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data })
    const made = await send({ method: "POST", path: maps, body })
    expect(made.status).toBe(201)
    expect(made.value.metadata.managedFields).toBeUndefined()
    await send({ method: "DELETE", path: `${maps}/a` })
    // Whoever applies wants to own what it applies.
    const path = `${maps}/a?fieldManager=me`
    const applied = await send({ method: "PATCH", path, body, contentType: "application/apply-patch+yaml" })
    expect(applied).toMatchObject({ status: 500, value: refusal })
  })
})

describe("what upstream's own form of a kind makes of a body", () => {
  const daemonSets = "/apis/apps/v1/namespaces/default/daemonsets"
  const generation = "deprecated.daemonset.template.generation"
  const daemonSet = (text: string) => {
    const labels = { a: "b" }
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } }
    const metadata = { name: "a", annotations: { [generation]: text } }
    return JSON.stringify({ metadata, spec: { selector: { matchLabels: labels }, template } })
  }

  test("a DaemonSet's template generation is a number", async () => {
    const refused = await send({ method: "POST", path: daemonSets, body: daemonSet("abc") })
    expect(refused).toMatchObject({
      status: 400,
      value: {
        message:
          'DaemonSet in version "v1" cannot be handled as a DaemonSet: strconv.ParseInt: parsing "abc": invalid syntax',
      },
    })
    const made = await send({ method: "POST", path: daemonSets, body: daemonSet("7") })
    expect(made.value.metadata.annotations).toEqual({ [generation]: "7" })
  })

  test("a LimitRange without a name gets one", async () => {
    const path = "/api/v1/namespaces/default/limitranges"
    const made = await send({ method: "POST", path, body: JSON.stringify({ spec: { limits: [] } }) })
    expect(made.status).toBe(201)
    expect(made.value.metadata.name).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
  })

  test("a document that has lost its version has lost everything", async () => {
    await send({
      method: "POST",
      path: maps,
      body: JSON.stringify({ metadata: { name: "a" }, data: { x: "y" } }),
    })
    const patch = { method: "PATCH", path: `${maps}/a`, body: '{"apiVersion":null}' }
    const refused = await send({ ...patch, contentType: "application/merge-patch+json" })
    expect(refused).toMatchObject({
      status: 400,
      value: { message: "the name of the object (a based on URL) was undeterminable: name must be provided" },
    })
    expect(refused.headers["warning"]).toEqual([
      expect.stringContaining('unknown field \\"data\\"'),
      expect.stringContaining('unknown field \\"metadata\\"'),
    ])
  })
})

test("who scales to nothing owns nothing, and who comes after is not told apart from the first", async () => {
  const path = "/apis/apps/v1/namespaces/default/deployments"
  const labels = { a: "b" }
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } }
  const spec = { selector: { matchLabels: labels }, template }
  await send({ method: "POST", path, body: JSON.stringify({ metadata: { name: "a" }, spec }) })
  const scale = (replicas: number) =>
    send({
      method: "PUT",
      path: `${path}/a/scale`,
      body: JSON.stringify({ metadata: { name: "a" }, spec: { replicas } }),
    })
  const owners = async () => {
    const { value } = await send({ method: "GET", path: `${path}/a` })
    return value.metadata.managedFields
      .filter(
        ({ fieldsV1 }: { fieldsV1: Record<string, Record<string, unknown>> }) =>
          fieldsV1["f:spec"]?.["f:replicas"],
      )
      .map(({ subresource = "" }) => subresource)
  }
  expect(await owners()).toEqual([""])
  await scale(2)
  expect(await owners()).toEqual(["scale"])
  await scale(0)
  expect(await owners()).toEqual([])
  await scale(3)
  expect(await owners()).toEqual([])
  const body = '{"apiVersion":"autoscaling/v1","kind":"Scale","spec":{"replicas":4}}'
  const contentType = "application/apply-patch+yaml"
  const refused = await send({ method: "PATCH", path: `${path}/a/scale?fieldManager=me`, body, contentType })
  expect(refused.value.message).toBe(
    'Apply failed with 1 conflict: conflict with "before-first-apply" with subresource "scale" using autoscaling/v1: .spec.replicas',
  )
})
