import { expect, test } from "vitest"
import { message, type MessageType, optional, repeated, string, bool } from "../../base/protobuf.ts"
import { builtInResources } from "../index.ts"
import { encodeOpenApiV2 } from "./v2-protobuf.ts"
import { openApiV2 } from "./v2.ts"

// The messages as a reader declares them, as far as the test looks.
const Any = message<{ yaml: string }>({ yaml: [2, string] })
const NamedAny = message<{ name: string; value?: { yaml: string } }>({ name: [1, string], value: [2, Any] })
interface Schema {
  reference: string
  required: string[]
  type?: { value: string[] } | undefined
  items?: { schema: Schema[] } | undefined
  properties?: { named: { name: string; value?: Schema | undefined }[] } | undefined
  extensions: { name: string; value?: { yaml: string } | undefined }[]
}
const Schema: MessageType<Schema> = message<Schema>(() => ({
  reference: [1, string],
  required: [19, repeated(string)],
  type: [22, message<{ value: string[] }>({ value: [1, repeated(string)] })],
  items: [23, message<{ schema: Schema[] }>(() => ({ schema: [1, repeated(Schema)] }))],
  properties: [25, message<NonNullable<Schema["properties"]>>(() => ({ named: [1, repeated(NamedSchema)] }))],
  extensions: [31, repeated(NamedAny)],
}))
const NamedSchema: MessageType<{ name: string; value?: Schema | undefined }> = message<{
  name: string
  value?: Schema | undefined
}>(() => ({
  name: [1, string],
  value: [2, Schema],
}))
const Operation = message<{ operationId: string; deprecated?: boolean | undefined }>({
  operationId: [5, string],
  deprecated: [11, optional(bool)],
})
const PathItem = message<{ get?: { operationId: string }; post?: { operationId: string } }>({
  get: [2, Operation],
  post: [4, Operation],
})
const NamedPath = message<{ name: string; value?: ReturnType<typeof PathItem.decode> }>({
  name: [1, string],
  value: [2, PathItem],
})
const Document = message<{
  swagger: string
  paths?: { named: ReturnType<typeof NamedPath.decode>[] }
  definitions?: { named: { name: string; value?: Schema | undefined }[] }
}>({
  swagger: [1, string],
  paths: [8, message<{ named: ReturnType<typeof NamedPath.decode>[] }>({ named: [2, repeated(NamedPath)] })],
  definitions: [9, message<NonNullable<Schema["properties"]>>({ named: [1, repeated(NamedSchema)] })],
})

test("the document of every built-in resource says the same in both forms", () => {
  const json = openApiV2(builtInResources) as {
    paths: object
    definitions: Record<string, { properties?: object; required?: string[] }>
  }
  const { swagger, paths, definitions } = Document.decode(encodeOpenApiV2(json))
  expect(swagger).toBe("2.0")
  expect(paths?.named.map(({ name }) => name)).toEqual(Object.keys(json.paths))
  const pods = paths?.named.find(({ name }) => name === "/api/v1/namespaces/{namespace}/pods")?.value
  expect([pods?.get?.operationId, pods?.post?.operationId]).toEqual([
    "listCoreV1NamespacedPod",
    "createCoreV1NamespacedPod",
  ])
  for (const { name, value } of definitions?.named ?? []) {
    const declared = json.definitions[name]!
    expect(value?.properties?.named.map((each) => each.name)).toEqual(
      declared.properties && Object.keys(declared.properties),
    )
    expect(value?.required).toEqual(declared.required ?? [])
  }
  const spec = definitions?.named.find(({ name }) => name === "io.k8s.api.core.v1.PodSpec")?.value
  const containers = spec?.properties?.named.find(({ name }) => name === "containers")?.value
  expect(containers?.items?.schema[0]?.reference).toBe("#/definitions/io.k8s.api.core.v1.Container")
  expect(containers?.type?.value).toEqual(["array"])
  expect(containers?.extensions).toContainEqual({
    name: "x-kubernetes-list-map-keys",
    value: { yaml: '["name"]\n' },
  })
})
