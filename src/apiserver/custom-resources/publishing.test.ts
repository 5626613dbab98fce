import { afterEach, beforeEach, expect, test } from "vitest"
import { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { install, widgetDefinition } from "./testing.ts"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

// oxlint-disable-next-line typescript/no-explicit-any -- documents of any shape
type Json = Record<string, any>

async function read(path: string, accept = "application/json"): Promise<Json> {
  const { body } = await server.transport.request({ method: "GET", path, headers: { accept } })
  return typeof body === "string" ? (JSON.parse(body) as Json) : (body as Json)
}

const schema = {
  type: "object",
  description: "What is wished for.",
  required: ["size"],
  properties: {
    size: { type: "integer", minimum: 1 },
    port: { "x-kubernetes-int-or-string": true },
    maybe: { type: "string", nullable: true },
    anything: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    choice: { type: "string", anyOf: [{ minLength: 1 }, { pattern: "^x" }] },
  },
}

test("what a definition declares is in discovery and OpenAPI at once, and gone with it", async () => {
  const { client } = server
  const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" }
  const version = {
    subresources: { status: {} },
    selectableFields: [{ jsonPath: ".spec.maybe" }],
  }
  await install(
    client,
    widgetDefinition(schema, {
      spec: { names: { ...names, shortNames: ["wd"], categories: ["all"] } },
      version,
    }),
  )
  const { resources } = await read("/apis/example.com/v1")
  expect(resources).toMatchObject([
    { name: "widgets", singularName: "widget", shortNames: ["wd"], categories: ["all"], kind: "Widget" },
    { name: "widgets/status", kind: "Widget", verbs: ["get", "patch", "update"] },
  ])
  const aggregated = await read(
    "/apis",
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
  )
  const group = aggregated["items"].find((each: Json) => each["metadata"].name === "example.com")
  expect(group.versions[0].resources[0]).toMatchObject({ resource: "widgets", scope: "Namespaced" })

  const v3 = await read("/openapi/v3/apis/example.com/v1")
  const published = v3["components"].schemas["com.example.v1.Widget"]
  expect(published["x-kubernetes-group-version-kind"]).toEqual([
    { group: "example.com", kind: "Widget", version: "v1" },
  ])
  expect(published["x-kubernetes-selectable-fields"]).toEqual([{ fieldPath: "spec.maybe" }])
  expect(published.properties.spec).toEqual({
    ...schema,
    properties: {
      ...schema.properties,
      port: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
    },
  })
  expect(Object.keys(published.properties)).toEqual(["spec", "apiVersion", "kind", "metadata"])
  const patch = v3["paths"]["/apis/example.com/v1/namespaces/{namespace}/widgets/{name}"].patch
  expect(Object.keys(patch.requestBody.content)).toEqual([
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
  ])

  const v2 = await read("/openapi/v2")
  expect(v2["definitions"]["com.example.v1.Widget"].properties.spec.properties).toEqual({
    size: { type: "integer", minimum: 1 },
    port: { "x-kubernetes-int-or-string": true },
    maybe: {},
    anything: { "x-kubernetes-preserve-unknown-fields": true },
    choice: { type: "string" },
  })
  expect(v2["definitions"]["com.example.v1.WidgetList"].properties.items.items).toEqual({
    $ref: "#/definitions/com.example.v1.Widget",
  })

  await client.delete(CustomResourceDefinition, { name: "widgets.example.com" })
  await expect
    .poll(() => read("/apis/example.com/v1").catch((error: Error) => error.message))
    .toBe("the server could not find the requested resource")
  expect((await read("/openapi/v2"))["definitions"]["com.example.v1.Widget"]).toBeUndefined()
})
