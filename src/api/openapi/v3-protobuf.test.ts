import { expect, test } from "vitest"
import { bool, double, message, type MessageType, optional, repeated, string } from "../../base/protobuf.ts"
import { builtInResources } from "../index.ts"
import { openApiV3 } from "./v3.ts"
import { encodeOpenApiV3 } from "./v3-protobuf.ts"

// The messages as a reader declares them, as far as the test looks.
const Reference = message<{ ref: string }>({ ref: [1, string] })
const Any = message<{ yaml: string }>({ yaml: [2, string] })
const Extension = message<{ name: string; value?: { yaml: string } }>({ name: [1, string], value: [2, Any] })
const Default = message<{
  number?: number | undefined
  boolean?: boolean | undefined
  text?: string | undefined
}>({
  number: [1, optional(double)],
  boolean: [2, optional(bool)],
  text: [3, optional(string)],
})
interface Schema {
  type: string
  required: string[]
  items?: { schema?: SchemaOrReference | undefined } | undefined
  properties?: { named: NamedSchema[] } | undefined
  default?: ReturnType<typeof Default.decode> | undefined
  allOf: SchemaOrReference[]
  extensions: { name: string; value?: { yaml: string } | undefined }[]
}
interface SchemaOrReference {
  schema?: Schema | undefined
  reference?: { ref: string } | undefined
}
interface NamedSchema {
  name: string
  value?: SchemaOrReference | undefined
}
const SchemaOrReference: MessageType<SchemaOrReference> = message<SchemaOrReference>(() => ({
  schema: [1, Schema],
  reference: [2, Reference],
}))
const NamedSchema: MessageType<NamedSchema> = message<NamedSchema>(() => ({
  name: [1, string],
  value: [2, SchemaOrReference],
}))
const NamedSchemas = message<{ named: NamedSchema[] }>({ named: [1, repeated(NamedSchema)] })
const Schema: MessageType<Schema> = message<Schema>(() => ({
  type: [25, string],
  required: [23, repeated(string)],
  items: [30, message<{ schema?: SchemaOrReference | undefined }>({ schema: [1, SchemaOrReference] })],
  properties: [31, NamedSchemas],
  default: [33, Default],
  allOf: [26, repeated(SchemaOrReference)],
  extensions: [36, repeated(Extension)],
}))
const Operation = message<{ operationId: string }>({ operationId: [5, string] })
interface NamedPath {
  name: string
  value?: { get?: { operationId: string }; post?: { operationId: string } }
}
const PathItem = message<NonNullable<NamedPath["value"]>>({ get: [4, Operation], post: [6, Operation] })
const NamedPath = message<NamedPath>({ name: [1, string], value: [2, PathItem] })
const Document = message<{
  openapi: string
  paths?: { named: NamedPath[] }
  components?: { schemas?: { named: NamedSchema[] } }
}>({
  openapi: [1, string],
  paths: [4, message<{ named: NamedPath[] }>({ named: [1, repeated(NamedPath)] })],
  components: [5, message<{ schemas?: { named: NamedSchema[] } }>({ schemas: [1, NamedSchemas] })],
})

const json = openApiV3(builtInResources, { group: "apps", version: "v1" }) as {
  paths: object
  components: { schemas: Record<string, { properties?: object; required?: string[] }> }
}
const document = Document.decode(encodeOpenApiV3(json))

function property(kind: string, name: string): Schema | undefined {
  const found = document.components?.schemas?.named.find((each) => each.name === `io.k8s.api.${kind}`)?.value
    ?.schema
  return found?.properties?.named.find((each) => each.name === name)?.value?.schema
}

test("a document says the same in both forms", () => {
  expect(document.openapi).toBe("3.0.0")
  expect(document.paths?.named.map(({ name }) => name)).toEqual(Object.keys(json.paths))
  const path = document.paths?.named.find(({ name }) => name.endsWith("/{namespace}/deployments"))?.value
  expect([path?.get?.operationId, path?.post?.operationId]).toEqual([
    "listAppsV1NamespacedDeployment",
    "createAppsV1NamespacedDeployment",
  ])
  expect(document.components?.schemas?.named.length).toBe(Object.keys(json.components.schemas).length)
  for (const { name, value } of document.components?.schemas?.named ?? []) {
    const { properties, required = [] } = json.components.schemas[name]!
    expect(value?.schema?.properties?.named.map((each) => each.name)).toEqual(
      properties && Object.keys(properties),
    )
    expect(value?.schema?.required).toEqual(required)
  }
})

test("lists, references, extensions and defaults of all kinds", () => {
  const containers = property("core.v1.PodSpec", "containers")
  expect(containers?.type).toBe("array")
  expect(containers?.items?.schema?.schema?.allOf).toEqual([
    { reference: { ref: "#/components/schemas/io.k8s.api.core.v1.Container" } },
  ])
  expect(containers?.extensions).toContainEqual({
    name: "x-kubernetes-list-map-keys",
    value: { yaml: '["name"]\n' },
  })
  expect(property("apps.v1.DeploymentSpec", "replicas")?.default).toEqual({ number: 1 })
  expect(property("core.v1.ContainerPort", "protocol")?.default).toEqual({ text: "TCP" })
  expect(property("apps.v1.Deployment", "spec")?.default).toEqual({})
})
