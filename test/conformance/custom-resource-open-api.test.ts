import { expect } from "vitest"
import {
  anything,
  definitionsPath,
  newNames,
  type Definition,
  version,
  withDefinition,
} from "./custom-definitions.ts"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"

useCluster()

const prefix = "[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin]"

const foo = {
  description: "Foo CRD for Testing",
  type: "object",
  properties: {
    spec: {
      type: "object",
      description: "Specification of Foo",
      properties: {
        bars: {
          description: "List of Bars and their specs.",
          type: "array",
          items: {
            type: "object",
            required: ["name"],
            properties: {
              name: { description: "Name of Bar.", type: "string" },
              age: { description: "Age of Bar.", type: "string" },
              feeling: { type: "string", enum: ["Great", "Down"] },
            },
          },
        },
      },
    },
    status: { description: "Status of Foo", type: "object" },
  },
}

/** "com.example.group-x.v1.Testx" */
function modelOf({ group, kind }: Definition, name: string): string {
  return [...group.split(".").reverse(), name, kind].join(".")
}

/** What is published, without what every object has. */
async function published(api: Api, names: Definition, name: string): Promise<Json | undefined> {
  const { definitions } = await api.get("/openapi/v2")
  const definition = definitions[modelOf(names, name)]
  if (!definition) return undefined
  const { "x-kubernetes-group-version-kind": kinds, properties, ...rest } = definition
  expect(kinds).toEqual([{ group: names.group, kind: names.kind, version: name }])
  const { apiVersion: _, kind: __, metadata: ___, ...own } = properties ?? {}
  return Object.keys(own).length > 0 ? { ...rest, properties: own } : rest
}

async function expectPublished(api: Api, names: Definition, name: string, schema: object | undefined) {
  await eventually(
    async () => {
      const found = await published(api, names, name)
      return JSON.stringify(found, sorted) === JSON.stringify(schema, sorted)
    },
    `${modelOf(names, name)} is published as declared`,
    10_000,
  )
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const objectOf = (names: Definition, more: object) => ({
  apiVersion: `${names.group}/v1`,
  kind: names.kind,
  metadata: { name: "test" },
  ...more,
})
const strict = { fieldValidation: "Strict" }

conformance(`${prefix} works for CRD with validation schema [Conformance]`, async ({ api }) => {
  const names = newNames()
  await withDefinition(api, names, [version("v1", foo)], async () => {
    await expectPublished(api, names, "v1", foo)
    const send = async (spec: object) => {
      const answer = await api.send("POST", names.path(), { query: strict, body: objectOf(names, { spec }) })
      if (answer.status === 201) await api.delete(`${names.path()}/test`)
      return answer
    }
    expect((await send({ bars: [{ name: "test-bar", feeling: "Great" }] })).status).toBe(201)
    const wrong = await send({ bars: [{ name: "test-bar", feeling: "NonExistentValue" }] })
    expect(wrong.body["message"]).toContain('Unsupported value: "NonExistentValue"')
    const unknown = await send({ foo: true })
    expect(unknown.body["message"]).toContain('unknown field "spec.foo"')
    const incomplete = await send({ bars: [{ age: "10" }] })
    expect(incomplete.body["message"]).toContain("spec.bars[0].name: Required value")
    // What kubectl explain reads.
    const v3 = await api.get(`/openapi/v3/apis/${names.group}/v1`)
    const model = v3["components"].schemas[modelOf(names, "v1")]
    expect(model.description).toBe("Foo CRD for Testing")
    expect(model.properties.spec.properties.bars.description).toBe("List of Bars and their specs.")
    expect(model.properties.spec.properties.bars2).toBeUndefined()
  })
})

conformance(`${prefix} works for CRD without validation schema [Conformance]`, async ({ api }) => {
  const names = newNames()
  await withDefinition(api, names, [version("v1", anything)], async () => {
    await expectPublished(api, names, "v1", { type: "object" })
    const body = objectOf(names, { a: { b: [{ c: "d" }] } })
    const { status } = await api.send("POST", names.path(), { query: strict, body })
    expect(status).toBe(201)
  })
})

conformance(
  `${prefix} works for CRD preserving unknown fields at the schema root [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    const schema = { ...foo, "x-kubernetes-preserve-unknown-fields": true }
    await withDefinition(api, names, [version("v1", schema)], async () => {
      await expectPublished(api, names, "v1", { type: "object" })
      const body = objectOf(names, { a: { b: [{ c: "d" }] } })
      const { status } = await api.send("POST", names.path(), { query: strict, body })
      expect(status).toBe(201)
    })
  },
)

conformance(
  `${prefix} works for CRD preserving unknown fields in an embedded object [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    const embedded = (type: string) => ({ type, "x-kubernetes-preserve-unknown-fields": true })
    const schema = (of: object) => ({
      type: "object",
      properties: { spec: { ...of, description: "Specification of Waldo" }, status: of },
    })
    await withDefinition(api, names, [version("v1", schema(embedded("object")))], async () => {
      await expectPublished(api, names, "v1", schema({ "x-kubernetes-preserve-unknown-fields": true }))
      const body = objectOf(names, { spec: { b: [{ c: "d" }] } })
      const { status } = await api.send("POST", names.path(), { query: strict, body })
      expect(status).toBe(201)
    })
  },
)

conformance(`${prefix} works for multiple CRDs of different groups [Conformance]`, async ({ api }) => {
  const [first, second] = [newNames(), newNames()]
  await withDefinition(api, first, [version("v1", foo)], () =>
    withDefinition(api, second, [version("v1", foo)], async () => {
      await expectPublished(api, first, "v1", foo)
      await expectPublished(api, second, "v1", foo)
    }),
  )
})

conformance(
  `${prefix} works for multiple CRDs of same group but different versions [Conformance]`,
  async ({ api }) => {
    const both = newNames()
    await withDefinition(api, both, [version("v1", foo), version("v2", foo)], async () => {
      await expectPublished(api, both, "v1", foo)
      await expectPublished(api, both, "v2", foo)
    })
    const first = newNames()
    const second = newNames(first.group)
    const later = version("v4", foo, { storage: true })
    await withDefinition(api, first, [version("v1", foo)], () =>
      withDefinition(api, second, [later], async () => {
        await expectPublished(api, first, "v1", foo)
        await expectPublished(api, second, "v4", foo)
      }),
    )
  },
)

conformance(
  `${prefix} works for multiple CRDs of same group and version but different kinds [Conformance]`,
  async ({ api }) => {
    const first = newNames()
    const second = newNames(first.group)
    await withDefinition(api, first, [version("v1", foo)], () =>
      withDefinition(api, second, [version("v1", foo)], async () => {
        await expectPublished(api, first, "v1", foo)
        await expectPublished(api, second, "v1", foo)
      }),
    )
  },
)

conformance(
  `${prefix} updates the published spec when one version gets renamed [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    await withDefinition(api, names, [version("v1", foo), version("v2", foo)], async () => {
      await expectPublished(api, names, "v2", foo)
      const rename = [{ op: "replace", path: "/spec/versions/1/name", value: "v4" }]
      await api.patch(definitionsPath(names.name), rename, "json")
      await expectPublished(api, names, "v4", foo)
      await expectPublished(api, names, "v2", undefined)
      await expectPublished(api, names, "v1", foo)
    })
  },
)

conformance(
  `${prefix} removes definition from spec when one version gets changed to not be served [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    await withDefinition(api, names, [version("v1", foo), version("v2", foo)], async () => {
      await expectPublished(api, names, "v2", foo)
      const hide = [{ op: "replace", path: "/spec/versions/1/served", value: false }]
      await api.patch(definitionsPath(names.name), hide, "json")
      await expectPublished(api, names, "v2", undefined)
      await expectPublished(api, names, "v1", foo)
    })
  },
)
