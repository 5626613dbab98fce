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
