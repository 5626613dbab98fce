import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { deepFreeze } from "../freeze.ts"
import { ObjectMeta } from "../meta.ts"
import { always, field, int32, list, mapOf, message, optional, string } from "../schema.ts"
import type { JsonRecord } from "../schema-plan.ts"
import { decodeObject } from "../structural.ts"
import { type ApplyRequest, applyServerSide } from "./apply-server-side.ts"
import { fieldSet } from "./field-set.ts"
import { type UpdateRequest, updateManagedFields } from "./update-managed-fields.ts"

const Port = message("v1.Port", {
  port: always(1, int32),
  protocol: field(2, string, { default: "TCP" }),
  name: field(3, string),
})
const Container = message("v1.Container", {
  name: field(1, string),
  image: field(2, string),
  args: field(3, list(string)),
  ports: field(4, list(Port, { keys: ["port", "protocol"] })),
})
const Spec = message("v1.ThingSpec", {
  replicas: optional(1, int32),
  selector: field(2, mapOf(string, { atomic: true })),
  containers: field(3, list(Container, { keys: ["name"] })),
  mode: field(4, string),
})
const Thing = message("v1.Thing", {
  kind: field(20, string),
  apiVersion: field(21, string),
  metadata: always(1, ObjectMeta),
  spec: always(2, Spec),
  status: always(3, message("v1.ThingStatus", { phase: field(1, string) })),
})
const kind = { group: "apps", version: "v1", kind: "Thing" }
const now = Date.UTC(2026, 0, 1)

const thing = (spec: object, metadata: object = {}) =>
  ({
    apiVersion: "apps/v1",
    kind: "Thing",
    metadata: { name: "x", namespace: "ns", ...metadata },
    spec,
  }) as JsonRecord

/** A stored object that requests change, as the server would. */
class Store {
  live: JsonRecord | undefined

  apply(manager: string, applied: JsonRecord, more: Partial<ApplyRequest> = {}): this {
    const request = { kind, schema: Thing, live: this.live, applied, manager, force: false, now, ...more }
    this.live = deepFreeze(applyServerSide(request))
    return this
  }

  update(manager: string, object: JsonRecord, more: Partial<UpdateRequest> = {}): this {
    const updated = decodeObject(Thing, {
      ...object,
      metadata: { ...(object["metadata"] as object), managedFields: undefined },
    })
    const managedFields = updateManagedFields({
      schema: Thing,
      apiVersion: "apps/v1",
      live: this.live,
      updated,
      manager,
      now,
      ...more,
    })
    this.live = deepFreeze({ ...updated, metadata: { ...(updated["metadata"] as object), managedFields } })
    return this
  }

  get spec(): unknown {
    return this.live!["spec"]
  }

  /** Manager, operation and fields. */
  get managed(): unknown[] {
    const { managedFields = [] } = this.live!["metadata"] as { managedFields?: JsonRecord[] }
    return managedFields.map((entry) => [entry["manager"], entry["operation"], entry["fieldsV1"]])
  }
}

describe("apply", () => {
  test("creates, and owns what it names", () => {
    const store = new Store().apply(
      "me",
      thing({ replicas: 1, containers: [{ name: "a", ports: [{ port: 80 }] }] }, { labels: { l: "1" } }),
    )
    expect(store.spec).toEqual({ replicas: 1, containers: [{ name: "a", ports: [{ port: 80 }] }] })
    const fields = {
      "f:metadata": { "f:labels": { "f:l": {} } },
      "f:spec": {
        "f:containers": {
          'k:{"name":"a"}': {
            ".": {},
            "f:name": {},
            "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} } },
          },
        },
        "f:replicas": {},
      },
    }
    expect((store.live!["metadata"] as JsonRecord)["managedFields"]).toEqual([
      {
        manager: "me",
        operation: "Apply",
        apiVersion: "apps/v1",
        time: "2026-01-01T00:00:00Z",
        fieldsType: "FieldsV1",
        fieldsV1: fields,
      },
    ])
  })

  test("removes what it no longer names, unless others own it", () => {
    const store = new Store()
      .apply(
        "me",
        thing({ replicas: 1, mode: "fast", containers: [{ name: "a", image: "1" }, { name: "b" }] }),
      )
      .apply("you", thing({ mode: "fast", containers: [{ name: "b" }] }))
      .apply("me", thing({ containers: [{ name: "a" }] }))
    expect(store.spec).toEqual({ mode: "fast", containers: [{ name: "a" }, { name: "b" }] })
  })

  test("takes an element away with all that is in it when its last owner leaves", () => {
    const store = new Store().apply("me", thing({ containers: [{ name: "a", image: "1" }] }))
    store
      .update("other", thing({ containers: [{ name: "a", image: "1", args: ["x"] }] }))
      .apply("me", thing({}))
    expect(store.spec).toEqual({})
  })

  test("leaves alone what nobody applied", () => {
    const store = new Store().update("other", thing({ containers: [{ name: "a", args: ["x"] }] }))
    store.apply("me", thing({ containers: [{ name: "a", image: "1" }] })).apply("me", thing({}))
    expect(store.spec).toEqual({ containers: [{ name: "a", args: ["x"] }] })
  })

  test("merges keyed lists in the applied order, around the elements of others", () => {
    const names = (...each: string[]) => thing({ containers: each.map((name) => ({ name })) })
    const store = new Store().apply("you", names("a", "x", "b")).apply("me", names("b", "a", "c"))
    const { containers } = store.spec as { containers: { name: string }[] }
    expect(containers.map(({ name }) => name)).toEqual(["x", "b", "a", "c"])
  })

  test("replaces atomic values whole", () => {
    const store = new Store()
      .apply("me", thing({ selector: { a: "1", b: "2" } }))
      .apply("me", thing({ selector: { c: "3" } }))
    expect(store.spec).toEqual({ selector: { c: "3" } })
  })

  test("that changes nothing gives the live object", () => {
    const configuration = thing({ replicas: 1, containers: [{ name: "a" }] })
    const { live } = new Store().apply("me", configuration)
    expect(
      applyServerSide({
        kind,
        schema: Thing,
        live,
        applied: configuration,
        manager: "me",
        force: false,
        now: now + 1000,
      }),
    ).toBe(live)
  })

  test("twice is once, and leaves exactly what was applied", () => {
    const container = fc.record(
      { name: fc.constantFrom("a", "b", "c"), image: fc.constantFrom("1", "2") },
      { requiredKeys: ["name"] },
    )
    const containers = fc.uniqueArray(container, { selector: (each) => each.name, minLength: 1 })
    const spec = fc.record(
      { replicas: fc.nat(3), containers, mode: fc.constantFrom("x", "y") },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(spec, spec, spec, (first, second, theirs) => {
        const store = new Store().apply("me", thing(first)).apply("you", thing(theirs), { force: true })
        const once = store.apply("me", thing(second), { force: true }).live
        expect(store.apply("me", thing(second)).live).toBe(once)
        const alone = new Store().apply("me", thing(first)).apply("me", thing(second))
        expect(alone.spec).toEqual(second)
      }),
    )
  })
})

describe("conflicts", () => {
  const store = () =>
    new Store()
      .update("kubectl-create", thing({ replicas: 1, mode: "fast" }))
      .apply("you", thing({ selector: { a: "1" } }))

  test("name the manager and the field", () => {
    expect(() => store().apply("me", thing({ replicas: 2 }))).toThrow(
      expect.objectContaining({
        code: 409,
        reason: "Conflict",
        message: 'Apply failed with 1 conflict: conflict with "kubectl-create" using apps/v1: .spec.replicas',
        details: {
          causes: [
            {
              reason: "FieldManagerConflict",
              message: 'conflict with "kubectl-create" using apps/v1',
              field: ".spec.replicas",
            },
          ],
        },
      }) as Error,
    )
    expect(() => store().apply("me", thing({ replicas: 2, mode: "slow", selector: {} }))).toThrow(
      'Apply failed with 3 conflicts: conflicts with "kubectl-create" using apps/v1:\n- .spec.mode\n- .spec.replicas\nconflicts with "you":\n- .spec.selector',
    )
  })

  test("are won by force", () => {
    const forced = store().apply("me", thing({ replicas: 2 }), { force: true })
    expect(forced.spec).toEqual({ replicas: 2, mode: "fast", selector: { a: "1" } })
    expect(forced.managed).toEqual([
      ["me", "Apply", { "f:spec": { "f:replicas": {} } }],
      ["you", "Apply", { "f:spec": { "f:selector": {} } }],
      ["kubectl-create", "Update", { "f:spec": { "f:mode": {} } }],
    ])
  })

  test("are none where both want the same", () => {
    expect(store().apply("me", thing({ replicas: 1 })).managed).toHaveLength(3)
  })

  test("kubectl may change what it applied from the client's side", () => {
    const annotation = "kubectl.kubernetes.io/last-applied-configuration"
    const configuration = thing({ replicas: 1 })
    const annotated = thing(
      { replicas: 1, mode: "fast" },
      { annotations: { [annotation]: JSON.stringify(configuration) } },
    )
    const live = new Store().update("kubectl-client-side-apply", annotated)
    expect(() => live.apply("kubectl", thing({ replicas: 2, mode: "slow" }))).toThrow(
      'conflict with "kubectl-client-side-apply" using apps/v1: .spec.mode',
    )
    expect(() => live.apply("me", thing({ replicas: 2 }))).toThrow(".spec.replicas")
    const { metadata } = live.apply("kubectl", thing({ replicas: 2 })).live as {
      metadata: { annotations: Record<string, string> }
    }
    expect(live.spec).toEqual({ replicas: 2, mode: "fast" })
    expect(JSON.parse(metadata.annotations[annotation]!)).toEqual(thing({ replicas: 2 }))
  })
})

describe("updates", () => {
  test("own what they change, and take it from others", () => {
    const store = new Store()
      .apply("me", thing({ replicas: 1, mode: "fast" }))
      .update("scaler", thing({ replicas: 3, mode: "fast" }))
    expect(store.managed).toEqual([
      ["me", "Apply", { "f:spec": { "f:mode": {} } }],
      ["scaler", "Update", { "f:spec": { "f:replicas": {} } }],
    ])
    store.update("scaler", thing({ replicas: 3 }))
    expect(store.managed).toEqual([["scaler", "Update", { "f:spec": { "f:replicas": {} } }]])
  })

  test("that change nothing hand back the live list", () => {
    const { live } = new Store().apply("me", thing({ replicas: 1 }))
    const { managedFields } = live!["metadata"] as { managedFields: unknown }
    const request = { schema: Thing, apiVersion: "apps/v1", live, manager: "other", now }
    expect(updateManagedFields({ ...request, updated: live! })).toBe(managedFields)
    const copy = structuredClone(live!)
    expect(updateManagedFields({ ...request, updated: copy })).toBe(managedFields)
    const touched = {
      ...live!,
      metadata: { ...(live!["metadata"] as object), resourceVersion: "7", generation: 2 },
    }
    expect(updateManagedFields({ ...request, updated: touched })).toBe(managedFields)
  })

  test("are told apart by subresource, and fields of the other half are nobody's", () => {
    const status = (phase: string) => ({ ...thing({ replicas: 1 }), status: { phase } })
    const store = new Store().update("me", status(""))
    store.update("kubelet", status("Running"), { subresource: "status", resetFields: fieldSet(["spec"]) })
    expect(store.managed).toEqual([
      ["kubelet", "Update", { "f:status": { "f:phase": {} } }],
      ["me", "Update", { "f:spec": { "f:replicas": {} } }],
    ])
    const entry = (store.live!["metadata"] as { managedFields: JsonRecord[] }).managedFields[0]
    expect(entry?.["subresource"]).toBe("status")
  })

  test("beyond ten are put together by age", () => {
    const store = new Store().apply("me", thing({ mode: "x" }))
    for (let index = 0; index < 14; index++) {
      const labels = Object.fromEntries(Array.from({ length: index + 1 }, (_, each) => [`l${each}`, ""]))
      store.update(`m${index}`, thing({ mode: "x" }, { labels }), { now: now + index * 1000 })
    }
    const names = store.managed.map((entry) => (entry as string[])[0])
    expect(names).toEqual([
      "me",
      "ancient-changes",
      ...Array.from({ length: 9 }, (_, index) => `m${index + 5}`),
    ])
  })

  test("an object from before managers were tracked gets them with its first apply", () => {
    const store = new Store()
    store.live = deepFreeze(decodeObject(Thing, thing({ replicas: 1, mode: "fast" }, { uid: "u" })))
    expect(store.update("other", thing({ replicas: 1, mode: "slow" }, { uid: "u" })).managed).toEqual([])
    expect(() => store.apply("me", thing({ replicas: 2 }))).toThrow(
      'conflict with "before-first-apply" using apps/v1: .spec.replicas',
    )
    expect(store.apply("me", thing({ replicas: 2 }), { force: true }).managed).toEqual([
      ["me", "Apply", { "f:spec": { "f:replicas": {} } }],
      ["before-first-apply", "Update", { "f:spec": { "f:mode": {} } }],
    ])
  })

  test("a client may forget all managers, and cannot break them", () => {
    const { live } = new Store().apply("me", thing({ replicas: 1 }))
    const request = { schema: Thing, apiVersion: "apps/v1", live, manager: "other", now }
    const withFields = (managedFields: unknown) =>
      ({ ...live!, metadata: { ...(live!["metadata"] as object), managedFields } }) as JsonRecord
    expect(updateManagedFields({ ...request, updated: withFields([{}]) })).toBeUndefined()
    const { managedFields } = live!["metadata"] as { managedFields: unknown }
    expect(
      updateManagedFields({ ...request, updated: withFields([{ manager: "x", operation: "Frob" }]) }),
    ).toEqual(managedFields)
    expect(updateManagedFields({ ...request, updated: withFields(undefined) })).toEqual(managedFields)
  })

  test("managers of other versions are followed there, and forgotten where the version is gone", () => {
    const store = new Store()
      .apply("me", thing({ replicas: 1 }))
      .update("you", thing({ replicas: 1, mode: "x" }))
    const Other = message("v2.Thing", { metadata: always(1, ObjectMeta), count: field(2, int32) })
    const metadata = store.live!["metadata"] as { managedFields: JsonRecord[] }
    const fields = { fieldsType: "FieldsV1", fieldsV1: { "f:count": {} } }
    const other = { manager: "old", operation: "Update", apiVersion: "apps/v2", ...fields }
    const gone = { manager: "gone", operation: "Update", apiVersion: "apps/v0", ...fields }
    store.live = deepFreeze({
      ...store.live!,
      metadata: { ...metadata, managedFields: [...metadata.managedFields, other, gone] },
    })
    const inVersion: UpdateRequest["inVersion"] = (version, object) =>
      version === "apps/v2"
        ? {
            schema: Other,
            object: { metadata: {}, count: (object["spec"] as { replicas: number }).replicas },
          }
        : undefined
    const names = () => store.managed.map((entry) => (entry as string[])[0])
    store.update("you", thing({ replicas: 1, mode: "y" }), { inVersion })
    expect(names()).toEqual(["me", "old", "you"])
    store.update("you", thing({ replicas: 2, mode: "y" }), { inVersion })
    expect(names()).toEqual(["you"])
  })
})

test.each<[string, JsonRecord, number, string]>([
  ["another kind", { ...thing({}), kind: "Pod" }, 400, "invalid object type: apps/v1, Kind=Pod"],
  ["another version", { ...thing({}), apiVersion: "v1" }, 400, "invalid object type: /v1, Kind=Thing"],
  ["managers", thing({}, { managedFields: [] }), 400, "metadata.managedFields must be nil"],
  [
    "an unknown field",
    thing({ replica: 1 }),
    500,
    "failed to create typed patch object (ns/x; apps/v1, Kind=Thing): .spec.replica: field not declared in schema",
  ],
  [
    "wrong types",
    thing({ replicas: "1", containers: [{ name: "a", args: {} }] }),
    500,
    'failed to create typed patch object (ns/x; apps/v1, Kind=Thing): errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.containers[name="a"].args: expected list, got &{map[]}',
  ],
  [
    "duplicates",
    thing({ containers: [{ name: "a" }, { name: "a" }] }),
    500,
    'failed to create typed patch object (ns/x; apps/v1, Kind=Thing): .spec.containers: duplicate entries for key [name="a"]',
  ],
  [
    "elements without a key",
    thing({ containers: [{ image: "a" }] }),
    500,
    'failed to create typed patch object (ns/x; apps/v1, Kind=Thing): .spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
  ],
])("a configuration with %s is refused", (_, applied, code, message) => {
  expect(() => new Store().apply("me", applied)).toThrow(expect.objectContaining({ code, message }) as Error)
})
