import { expect } from "vitest"
import {
  definitionOf,
  definitionsPath,
  installDefinition,
  newNames,
  version,
  withDefinition,
} from "./custom-definitions.ts"
import { conformance, eventually, type Json, nextEvents, useCluster } from "./harness.ts"

useCluster()

const resources = "[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin]"

conformance(
  `${resources} Simple CustomResourceDefinition creating/deleting custom resource definition objects works [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    await installDefinition(api, names)
    await api.delete(definitionsPath(names.name))
    await eventually(
      async () => (await api.send("GET", definitionsPath(names.name))).status === 404,
      "the definition is gone",
    )
  },
)

conformance(
  `${resources} Simple CustomResourceDefinition listing custom resource definition objects works [Conformance]`,
  async ({ api, namespace }) => {
    const all = Array.from({ length: 10 }, () => newNames())
    for (const names of all) {
      const definition = definitionOf(names, [version("v1")])
      definition["metadata"].labels = { of: namespace }
      await api.create(definitionsPath(), definition)
    }
    const query = { labelSelector: `of=${namespace}` }
    const { items } = await api.get(definitionsPath(), query)
    expect(items).toHaveLength(10)
    for (const { metadata, spec } of items) {
      const names = all.find(({ name }) => name === metadata.name)!
      expect([spec.group, spec.names.kind]).toEqual([names.group, names.kind])
    }
    await api.delete(definitionsPath(), { query })
    await eventually(
      async () => (await api.get(definitionsPath(), query))["items"].length === 0,
      "all definitions are gone",
    )
  },
)

conformance(
  `${resources} Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    await withDefinition(api, names, undefined, async (definition) => {
      const path = `${definitionsPath(names.name)}/status`
      const read = await api.get(path)
      expect(read["spec"]).toEqual(definition["spec"])
      const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from e2e test" }
      const conditions = [...read["status"].conditions, { ...condition, lastTransitionTime: null }]
      const updated = await api.update(path, { ...read, status: { ...read["status"], conditions } })
      expect(updated["status"].conditions).toContainEqual(expect.objectContaining(condition))
      const patched = await api.patch(
        path,
        [{ op: "add", path: "/status/conditions/-", value: { ...condition, type: "StatusPatched" } }],
        "json",
      )
      expect(patched["status"].conditions.map(({ type }: Json) => type)).toContain("StatusPatched")
    })
  },
)

conformance(
  `${resources} should include custom resource definition resources in discovery documents [Conformance]`,
  async ({ api }) => {
    const { groups } = await api.get("/apis")
    const expected = { groupVersion: "apiextensions.k8s.io/v1", version: "v1" }
    expect(groups.find(({ name }: Json) => name === "apiextensions.k8s.io").versions).toContainEqual(expected)
    expect((await api.get("/apis/apiextensions.k8s.io"))["versions"]).toContainEqual(expected)
    const list = await api.get("/apis/apiextensions.k8s.io/v1")
    expect(list["resources"].map(({ name }: Json) => name)).toContain("customresourcedefinitions")
  },
)

conformance(
  `${resources} custom resource defaulting for requests and from storage works [Conformance]`,
  async ({ api }) => {
    const names = newNames()
    const schema = (properties: object) => ({ type: "object", properties })
    const plain = { a: { type: "string" }, b: { type: "string" } }
    await withDefinition(api, names, [version("v1", schema(plain))], async () => {
      const path = names.path()
      const object = (name: string) => ({
        apiVersion: `${names.group}/v1`,
        kind: names.kind,
        metadata: { name },
      })
      await api.create(path, object("first"))
      const setDefaults = (properties: object) =>
        api.patch(
          definitionsPath(names.name),
          [{ op: "replace", path: "/spec/versions/0/schema/openAPIV3Schema/properties", value: properties }],
          "json",
        )
      await setDefaults({ ...plain, a: { type: "string", default: "A" } })
      await eventually(async () => (await api.get(`${path}/first`))["a"] === "A", "a is defaulted on read")
      const second = await api.create(path, object("second"))
      expect(second["a"]).toBe("A")
      await setDefaults({ ...plain, b: { type: "string", default: "B" } })
      const read = await eventually(async () => {
        const found = await api.get(`${path}/second`)
        return found["b"] === "B" && found
      }, "b is defaulted on read")
      expect(read["a"]).toBe("A")
    })
  },
)

conformance(
  "[sig-api-machinery] CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects [Conformance]",
  async ({ api }) => {
    const names = newNames()
    await withDefinition(api, names, undefined, async () => {
      const path = names.path()
      const start = await api.get(path)
      const { resourceVersion } = start["metadata"]
      const watchOf = (name: string) =>
        api.watch(path, { resourceVersion, fieldSelector: `metadata.name=${name}` })
      const object = (name: string) => ({
        apiVersion: `${names.group}/v1`,
        kind: names.kind,
        metadata: { name },
        content: { key: "value" },
      })
      for (const name of ["name1", "name2"]) await api.create(path, object(name))
      for (const name of ["name1", "name2"]) await api.patch(`${path}/${name}`, { content: { key: "other" } })
      for (const name of ["name1", "name2"]) await api.delete(`${path}/${name}`)
      for (const name of ["name1", "name2"]) {
        const events = await nextEvents(watchOf(name), 3)
        expect(events.map(({ type, object: { metadata } }) => [type, metadata.name])).toEqual([
          ["ADDED", name],
          ["MODIFIED", name],
          ["DELETED", name],
        ])
      }
    })
  },
)

conformance(
  "[sig-api-machinery] CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector [Conformance]",
  async ({ api, namespace }) => {
    const names = newNames()
    const first = {
      type: "object",
      properties: { hostPort: { type: "string" } },
    }
    const second = { type: "object", properties: { host: { type: "string" }, port: { type: "string" } } }
    const versions = [
      version("v1", first, { selectableFields: [{ jsonPath: ".hostPort" }] }),
      version("v2", second, { selectableFields: [{ jsonPath: ".host" }, { jsonPath: ".port" }] }),
    ]
    const work = async () => {
      const path = names.path("v1", namespace)
      const watch = api.watch(path, { fieldSelector: "hostPort=host1:80" })
      const seen = nextEvents(watch, 2)
      for (const [name, hostPort] of [
        ["name1", "host1:80"],
        ["name2", "host1:8080"],
        ["name3", "host1:80"],
      ]) {
        await api.create(path, {
          apiVersion: `${names.group}/v1`,
          kind: names.kind,
          metadata: { name },
          hostPort,
        })
      }
      const list = async (selector: string) =>
        (await api.get(path, { fieldSelector: selector }))["items"].map(({ metadata }: Json) => metadata.name)
      expect(await list("hostPort=host1:80")).toEqual(["name1", "name3"])
      expect(await list("hostPort=host1:8080")).toEqual(["name2"])
      expect((await seen).map(({ object }) => object.metadata.name)).toEqual(["name1", "name3"])
      const other = await api.send("GET", path, { query: { fieldSelector: "host=host1" } })
      expect(other.status).toBe(400)
      expect(other.body["message"]).toBe("field label not supported: host")
      await api.delete(path, { query: { fieldSelector: "hostPort=host1:80" } })
      const left = await api.get(path)
      expect(left["items"].map(({ metadata }: Json) => metadata.name)).toEqual(["name2"])
    }
    await withDefinition(api, names, versions, work, { scope: "Namespaced" })
  },
)
