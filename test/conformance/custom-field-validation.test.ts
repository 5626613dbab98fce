import { expect } from "vitest"
import { anything, type Definition, newNames, version, withDefinition } from "./custom-definitions.ts"
import { type Api, conformance, useCluster } from "./harness.ts"

useCluster()

const prefix = "[sig-api-machinery] FieldValidation should"

const specProperties = {
  foo: { type: "string" },
  cronSpec: { type: "string", pattern: String.raw`^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$` },
  ports: {
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
    items: {
      type: "object",
      required: ["containerPort", "protocol"],
      properties: {
        containerPort: { type: "integer", format: "int32" },
        hostIP: { type: "string" },
        name: { type: "string" },
        protocol: { type: "string" },
      },
    },
  },
}

const schema = (spec: object) => ({ type: "object", properties: { spec: { type: "object", ...spec } } })
const declared = schema({ properties: specProperties })

const ports = `
  cronSpec: "* * * * */5"
  ports:
  - name: x
    containerPort: 80
    protocol: TCP`

function apply(api: Api, { group, kind, path }: Definition, rest: string) {
  return api.send("PATCH", `${path()}/mytest`, {
    query: { fieldManager: "field_validation_mgr", fieldValidation: "Strict" },
    headers: { "content-type": "application/apply-patch+yaml" },
    body: `
apiVersion: ${group}/v1
kind: ${kind}
metadata:
  name: mytest${rest}`,
  })
}

conformance(
  `${prefix} create/apply a valid CR for CRD with validation schema [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    await withDefinition(api, names, [version("v1", declared)], async () => {
      const { status } = await apply(api, names, `\nspec:\n  foo: foo1${ports}`)
      expect(status).toBe(201)
    })
  },
)

conformance(
  `${prefix} create/apply a CR with unknown fields for CRD with no validation schema [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    await withDefinition(api, names, [version("v1", anything)], async () => {
      const { status } = await apply(api, names, `\nspec:\n  unknown: uk1${ports}`)
      expect(status).toBe(201)
    })
  },
)

conformance(
  `${prefix} create/apply an invalid CR with extra properties for CRD with validation schema [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    await withDefinition(api, names, [version("v1", declared)], async () => {
      const { text } = await apply(api, names, `\nunknownField: unknown\nspec:\n  foo: foo1${ports}`)
      expect(text).toContain(".unknownField: field not declared in schema")
    })
  },
)

conformance(
  `${prefix} detect unknown metadata fields in both the root and embedded object of a CR [Conformance]`,
  async ({ api, namespace }) => {
    const names = newNames()
    const template = {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      properties: { metadata: { type: "object", properties: { name: { type: "string" } } } },
    }
    const withTemplate = schema({ properties: { ...specProperties, template } })
    await withDefinition(api, names, [version("v1", withTemplate)], async () => {
      const spec = `
spec:
  template:
    apiversion: foo/v1
    kind: Sub
    metadata:
        unknownSubMeta: unknown
        name: subobject
        namespace: ${namespace}
  foo: foo1${ports}`
      const { text } = await apply(api, names, `\n  unknownMeta: unknown${spec}`)
      expect(text).toContain(".metadata.unknownMeta: field not declared in schema")
      expect(text).toContain(".spec.template.metadata.unknownSubMeta: field not declared in schema")
    })
  },
)

conformance(
  `${prefix} detect duplicates in a CR when preserving unknown fields [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    const keeping = schema({ properties: specProperties, "x-kubernetes-preserve-unknown-fields": true })
    await withDefinition(api, names, [version("v1", keeping)], async () => {
      const { text } = await apply(api, names, `\nspec:\n  unknown: uk1\n  foo: foo1\n  foo: foo2${ports}`)
      expect(text).toContain(String.raw`line 9: key \"foo\" already set in map`)
    })
  },
)
