import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { findCondition } from "./conditions.ts"
import { type Custom, customResource, install, messageOf, waitFor, widgetDefinition } from "./testing.ts"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

const Widget = customResource()
const key = (name: string) => ({ namespace: "default", name })

function widget(name: string, spec: object, more: object = {}): Custom {
  return {
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name, namespace: "default" },
    spec,
    ...more,
  } as Custom
}

const sized = {
  type: "object",
  properties: {
    size: { type: "integer", minimum: 1 },
    color: { type: "string", default: "red" },
    parts: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, count: { type: "integer", default: 1 } },
      },
    },
  },
}

describe("a custom resource", () => {
  test("is pruned, defaulted, validated and read back", async () => {
    const { client } = server
    await install(client, widgetDefinition(sized))
    const made = await client.create(
      Widget,
      widget("a", { size: 2, unknown: true, parts: [{ name: "x", odd: 1 }] }),
    )
    expect(made.spec).toEqual({ size: 2, color: "red", parts: [{ name: "x", count: 1 }] })
    expect(made.metadata.generation).toBe(1)
    expect(await client.get(Widget, key("a"))).toEqual(made)
    expect(await messageOf(client.create(Widget, widget("b", { size: 0 })))).toBe(
      'Widget.example.com "b" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    )
    const updated = await client.update(Widget, { ...made, spec: { size: 3 } })
    expect(updated.metadata.generation).toBe(2)
    const { items } = await client.list(Widget, { namespace: "default" })
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["a"])
    await client.delete(Widget, key("a"))
    await expect(client.get(Widget, key("a"))).rejects.toThrow('widgets.example.com "a" not found')
  })

  test("has its rules timed, once when they are compiled and whenever an object is held to them", async () => {
    const { client } = server
    const rule = { rule: "self.size < 10", message: "too big" }
    await install(client, widgetDefinition({ ...sized, "x-kubernetes-validations": [rule] }))
    await client.create(Widget, widget("a", { size: 2 }))
    expect(await messageOf(client.create(Widget, widget("b", { size: 20 })))).toContain("too big")
    const counted = server.server.parts.metrics.text()
    expect(counted).toContain("apiserver_cel_compilation_duration_seconds_count 1\n")
    expect(counted).toContain("apiserver_cel_evaluation_duration_seconds_count 2\n")
  })

  test("has a status and a scale of its own", async () => {
    const { client } = server
    const counted = { type: "object", properties: { replicas: { type: "integer" } } }
    await install(
      client,
      widgetDefinition(counted, {
        status: {
          type: "object",
          properties: { replicas: { type: "integer" }, selector: { type: "string" } },
        },
        version: {
          subresources: {
            status: {},
            scale: {
              specReplicasPath: ".spec.replicas",
              statusReplicasPath: ".status.replicas",
              labelSelectorPath: ".status.selector",
            },
          },
        },
      }),
    )
    const made = await client.create(Widget, widget("a", { replicas: 1 }, { status: { replicas: 9 } }))
    expect(made.status).toBeUndefined()
    const status = { replicas: 1, selector: "a=b" }
    const told = await client.updateStatus(Widget, { ...made, spec: { replicas: 7 }, status })
    expect([told.spec, told.status, told.metadata.generation]).toEqual([{ replicas: 1 }, status, 1])
    const scaled = await client.patch(
      Widget,
      key("a"),
      { type: "merge", body: { spec: { replicas: 4 } } },
      { subresource: "scale" },
    )
    expect([scaled.kind, scaled.spec, scaled.status]).toEqual([
      "Scale",
      { replicas: 4 },
      { replicas: 1, selector: "a=b" },
    ])
    expect((await client.get(Widget, key("a"))).spec).toEqual({ replicas: 4 })

    await client.create(Widget, widget("none", {}))
    const path = "/apis/example.com/v1/namespaces/default/widgets/none/scale"
    expect(await messageOf(server.transport.request({ method: "GET", path }))).toBe(
      'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
    )
    const scale = (replicas?: number) =>
      client.patch(
        Widget,
        key("none"),
        { type: "merge", body: { spec: { replicas } } },
        { subresource: "scale" },
      )
    expect(await messageOf(scale())).toBe('the spec replicas field ".spec.replicas" cannot be empty')
    expect((await scale(2)).spec).toEqual({ replicas: 2 })
  })

  test("is applied by its schema", async () => {
    const { client } = server
    await install(client, widgetDefinition(sized))
    const apply = (manager: string, spec: object) =>
      client.patch(Widget, key("a"), { type: "apply", body: widget("a", spec) }, { fieldManager: manager })
    await apply("one", { parts: [{ name: "x" }] })
    const both = await apply("two", { parts: [{ name: "y", count: 2 }] })
    expect((both.spec as { parts: object[] }).parts).toEqual([
      { name: "x", count: 1 },
      { name: "y", count: 2 },
    ])
    expect(await messageOf(apply("three", { parts: [{ name: "y", count: 3 }] }))).toBe(
      'Apply failed with 1 conflict: conflict with "two": .spec.parts[name="y"].count',
    )
  })

  test("of another version has that version's fields", async () => {
    const { client } = server
    const first = { type: "object", properties: { a: { type: "string" } } }
    const second = {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string", default: "b" } },
    }
    const version = (name: string, storage: boolean, spec: object) => ({
      name,
      storage,
      served: true,
      schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
    })
    await install(
      client,
      widgetDefinition(first, {
        spec: { versions: [version("v1", false, first), version("v2", true, second)] },
      }),
    )
    await client.create(Widget, widget("a", { a: "1", b: "lost" }))
    const Second = customResource("v2")
    expect((await client.get(Second, key("a"))).apiVersion).toBe("example.com/v2")
    expect((await client.get(Second, key("a"))).spec).toEqual({ a: "1" })
    const updated = await client.update(Second, {
      ...(await client.get(Second, key("a"))),
      spec: { a: "2", b: "3" },
    })
    expect(updated.spec).toEqual({ a: "2", b: "3" })
    expect((await client.get(Widget, key("a"))).spec).toEqual({ a: "2" })
  })
})

describe("a definition", () => {
  test("is established, and says so", async () => {
    const { status } = await install(server.client, widgetDefinition(sized))
    expect(status.storedVersions).toEqual(["v1"])
    expect(status.acceptedNames).toEqual({
      plural: "widgets",
      singular: "widget",
      kind: "Widget",
      listKind: "WidgetList",
    })
    expect(status.conditions?.map(({ type, status: state, reason }) => [type, state, reason])).toEqual([
      ["NamesAccepted", "True", "NoConflicts"],
      ["Established", "True", "InitialNamesAccepted"],
    ])
  })

  test("may not take another's names, until they are free", async () => {
    const { client } = server
    await install(client, widgetDefinition(sized))
    const names = { plural: "gadgets", singular: "widget", kind: "Gadget", listKind: "GadgetList" }
    const other = widgetDefinition(sized, { spec: { names } })
    other.metadata.name = "gadgets.example.com"
    await client.create(CustomResourceDefinition, other)
    const refused = await waitFor(
      client,
      "gadgets.example.com",
      (each) => findCondition(each, "NamesAccepted") !== undefined,
    )
    expect(findCondition(refused, "NamesAccepted")).toMatchObject({
      status: "False",
      reason: "SingularConflict",
      message: '"widget" is already in use',
    })
    expect(findCondition(refused, "Established")).toMatchObject({ status: "False", reason: "NotAccepted" })
    await client.delete(CustomResourceDefinition, { name: "widgets.example.com" })
    await waitFor(
      client,
      "gadgets.example.com",
      (each) => findCondition(each, "Established")?.status === "True",
    )
  })

  test("takes its objects along, after their finalizers", async () => {
    const { client } = server
    await install(client, widgetDefinition(sized))
    await client.create(Widget, widget("free", {}))
    const held = widget("held", {})
    held.metadata.finalizers = ["example.com/hold"]
    await client.create(Widget, held)
    await client.delete(CustomResourceDefinition, { name: "widgets.example.com" })
    await waitFor(
      client,
      "widgets.example.com",
      (each) => findCondition(each, "Terminating")?.reason === "InstanceDeletionInProgress",
    )
    expect(await messageOf(client.create(Widget, widget("late", {})))).toBe(
      'widgets.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
    )
    const left = await client.get(Widget, key("held"))
    await client.update(Widget, { ...left, metadata: { ...left.metadata, finalizers: [] } })
    for (;;) {
      const found = await client
        .get(CustomResourceDefinition, { name: "widgets.example.com" })
        .catch((error: unknown) => error)
      if (isStatusError(found, "NotFound")) break
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(await messageOf(client.list(Widget))).toBe("the server could not find the requested resource")
  })
})
