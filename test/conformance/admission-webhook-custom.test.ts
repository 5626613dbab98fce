import { afterAll, beforeAll, expect } from "vitest"
import { conformance, eventually, type Json, useCluster, type World } from "./harness.ts"
import { bothStages, disallowed, expectRefused, startMutation, useWebhooks } from "./webhooks.ts"

useCluster()
const { start, stop, hook, withWebhooks } = useWebhooks()
beforeAll(start)
afterAll(stop)

const prefix = "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin]"
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

const anyData = { type: "object", "x-kubernetes-preserve-unknown-fields": true }
const open = { openAPIV3Schema: anyData }
const stagesOf = (...names: string[]) => ({
  openAPIV3Schema: {
    type: "object",
    properties: {
      data: {
        type: "object",
        properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
      },
    },
  },
})

/** A kind of the test's own, for its time. `path(version)` is where its objects are. */
async function withKind(
  { api, namespace }: World,
  versions: readonly Json[],
  work: (kind: {
    group: string
    path: (version: string) => string
    body: (version: string, data: object) => Json
  }) => Promise<void>,
): Promise<void> {
  const group = `${namespace}.example.com`
  const name = `things.${group}`
  await api.create(definitions, {
    metadata: { name },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
      versions,
    },
  })
  const path = (version: string) => `/apis/${group}/${version}/namespaces/${namespace}/things`
  await eventually(async () => (await api.send("GET", path("v1"))).status === 200, "the kind is served")
  const body = (version: string, data: object) => ({
    apiVersion: `${group}/${version}`,
    kind: "Thing",
    metadata: { name: "instance" },
    data,
  })
  try {
    await work({ group, path, body })
  } finally {
    await api.delete(`${definitions}/${name}`)
  }
}

const v1 = (schema: Json) => ({ name: "v1", served: true, storage: true, schema })
const ruleFor = (group: string, ...operations: string[]) => ({
  apiGroups: [group],
  apiVersions: ["*"],
  operations,
  resources: ["things"],
})

conformance(
  `${prefix} should be able to deny custom resource creation, update and deletion [Conformance]`,
  (world) =>
    withKind(world, [v1(open)], async ({ group, path, body }) => {
      const { api, namespace } = world
      const message = "the custom resource contains unwanted data"
      const rule = ruleFor(group, "CREATE", "UPDATE", "DELETE")
      await withWebhooks(world, "validating", [hook(namespace, "/custom-resource", [rule])], async () => {
        expectRefused(await api.send("POST", path("v1"), { body: body("v1", disallowed) }), message)
        const made = await api.create(path("v1"), body("v1", { allowed: "yes" }))
        const bad = { ...made, data: disallowed }
        expectRefused(await api.send("PUT", `${path("v1")}/instance`, { body: bad }), message)
      })
      await api.patch(`${path("v1")}/instance`, { data: disallowed })
      await withWebhooks(world, "validating", [hook(namespace, "/custom-resource", [rule])], async () => {
        expectRefused(await api.send("DELETE", `${path("v1")}/instance`), message)
      })
      await api.patch(`${path("v1")}/instance`, { data: { "webhook-e2e-test": null } })
      await api.delete(`${path("v1")}/instance`)
    }),
)

const mutating = (namespace: string, rule: Json) => [
  hook(namespace, "/mutating-data", [rule], { name: "stage-1.k8s.io" }),
  hook(namespace, "/mutating-data", [rule], { name: "stage-2.k8s.io" }),
]

conformance(`${prefix} should mutate custom resource [Conformance]`, (world) =>
  withKind(world, [v1(open)], ({ group, path, body }) =>
    withWebhooks(world, "mutating", mutating(world.namespace, ruleFor(group, "CREATE")), async () => {
      const made = await world.api.create(path("v1"), body("v1", startMutation))
      expect(made["data"]).toEqual(bothStages)
    }),
  ),
)

conformance(`${prefix} should mutate custom resource with pruning [Conformance]`, (world) =>
  withKind(world, [v1(stagesOf("mutation-start", "mutation-stage-1"))], ({ group, path, body }) =>
    withWebhooks(world, "mutating", mutating(world.namespace, ruleFor(group, "CREATE")), async () => {
      const made = await world.api.create(path("v1"), body("v1", startMutation))
      expect(made["data"]).toEqual({ ...startMutation, "mutation-stage-1": "yes" })
    }),
  ),
)

conformance(`${prefix} should mutate custom resource with different stored version [Conformance]`, (world) =>
  withKind(
    world,
    [v1(open), { name: "v2", served: true, storage: false, schema: open }],
    ({ group, path, body }) =>
      withWebhooks(
        world,
        "mutating",
        mutating(world.namespace, ruleFor(group, "CREATE", "UPDATE")),
        async () => {
          const { api } = world
          await api.create(path("v1"), body("v1", startMutation))
          const versions = [
            { ...v1(open), storage: false },
            { ...v1(open), name: "v2" },
          ]
          await api.patch(`${definitions}/things.${group}`, { spec: { versions } })
          const patched = await eventually(async () => {
            const { status, body: found } = await api.send("PATCH", `${path("v2")}/instance`, {
              headers: { "content-type": "application/merge-patch+json" },
              body: { data: { more: "field" } },
            })
            return status === 200 && found
          }, "the object is patched in its new version")
          expect(patched["data"]).toEqual({ ...bothStages, more: "field" })
        },
      ),
  ),
)
