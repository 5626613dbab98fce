import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { Deployment } from "../../api/apps/v1/deployment.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { isStatusError, type StatusError } from "../../apimachinery/status-error.ts"
import { startTestServer, type TestServer } from "../testing.ts"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

const key = (name: string) => ({ namespace: "default", name })

function configMap(name: string, data: Record<string, string>) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data }
}

function applyMap(manager: string, name: string, data: Record<string, string>, force = false) {
  const patch = { type: "apply", body: configMap(name, data), force } as const
  return server.client.patch(ConfigMap, key(name), patch, { fieldManager: manager })
}

/** "kubectl Apply: f:data" and the like, without times. */
function owners({ metadata }: KubeObject): Record<string, unknown> {
  const entries = metadata.managedFields ?? []
  return Object.fromEntries(
    entries.map(({ manager, operation, subresource, fieldsV1 }) => [
      [manager, operation, subresource].filter(Boolean).join(" "),
      fieldsV1,
    ]),
  )
}

async function refusal(promise: Promise<unknown>): Promise<StatusError> {
  const error = await promise.catch((reason: unknown) => reason)
  if (!isStatusError(error)) throw error
  return error
}

// https://kubernetes.io/docs/reference/using-api/server-side-apply/
describe("server-side apply", () => {
  test("creates, and owns what it named", async () => {
    const made = await applyMap("me", "a", { x: "1" })
    expect(owners(made)).toEqual({ "me Apply": { "f:data": { "f:x": {} } } })
    expect(await applyMap("me", "a", { x: "1" })).toBe(made)
  })

  test("removes what it no longer names, unless another owns it too", async () => {
    await applyMap("me", "a", { x: "1", y: "2", z: "3" })
    await applyMap("you", "a", { y: "2" })
    const { data } = await applyMap("me", "a", { x: "1" })
    expect(data).toEqual({ x: "1", y: "2" })
  })

  test("refuses to change what another owns, and says how to go on; force takes it over", async () => {
    await applyMap("me", "a", { x: "1" })
    const { code, message, details } = await refusal(applyMap("you", "a", { x: "2" }))
    expect([code, message]).toEqual([409, 'Apply failed with 1 conflict: conflict with "me": .data.x'])
    expect(details?.causes).toEqual([
      { reason: "FieldManagerConflict", message: 'conflict with "me"', field: ".data.x" },
    ])
    const forced = await applyMap("you", "a", { x: "2" }, true)
    expect(owners(forced)).toEqual({ "you Apply": { "f:data": { "f:x": {} } } })
  })

  test("needs a manager", async () => {
    expect((await refusal(applyMap("", "a", { x: "1" }))).message).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    )
  })
})

describe("who updates a field owns it", () => {
  test("on create, update and patch", async () => {
    const { client } = server
    const made = await client.create(ConfigMap, configMap("a", { x: "1", y: "1" }), {
      fieldManager: "creator",
    })
    expect(owners(made)).toEqual({ "creator Update": { "f:data": { ".": {}, "f:x": {}, "f:y": {} } } })
    const updated = await client.update(
      ConfigMap,
      { ...made, data: { x: "2", y: "1" } },
      { fieldManager: "updater" },
    )
    expect(owners(updated)).toEqual({
      "creator Update": { "f:data": { ".": {}, "f:y": {} } },
      "updater Update": { "f:data": { "f:x": {} } },
    })
    const same = await client.update(ConfigMap, updated, { fieldManager: "somebody" })
    expect(same).toBe(updated)
  })

  test("so that an apply conflicts with an update", async () => {
    await applyMap("me", "a", { x: "1" })
    const body = { data: { x: "9" } }
    await server.client.patch(ConfigMap, key("a"), { type: "merge", body }, { fieldManager: "kubectl-edit" })
    const { message } = await refusal(applyMap("me", "a", { x: "1" }))
    expect(message).toBe('Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.x')
  })

  test("a status is owned apart from the rest, and nobody owns what they cannot write", async () => {
    const { client } = server
    const made = await client.create(Deployment, deployment("web", { replicas: 9 }), {
      fieldManager: "creator",
    })
    expect(owners(made)["creator Update"]).not.toHaveProperty("f:status")
    const reported = await client.updateStatus(
      Deployment,
      { ...made, spec: { ...made.spec, replicas: 7 }, status: { replicas: 1 } },
      { fieldManager: "controller" },
    )
    expect(owners(reported)["controller Update status"]).toEqual({ "f:status": { "f:replicas": {} } })
  })
})

describe("scale", () => {
  test("is owned as the field behind it", async () => {
    const { client } = server
    const options = { fieldManager: "me" }
    const applied = { type: "apply", body: deployment("web") } as const
    await client.patch(Deployment, key("web"), applied, options)
    const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: key("web"), spec: { replicas: 5 } }
    const patch = { type: "apply", body: scale } as const
    const scaled = { fieldManager: "scaler", subresource: "scale" }
    const { message } = await refusal(client.patch(Deployment, key("web"), patch, scaled))
    expect(message).toBe('Apply failed with 1 conflict: conflict with "me": .spec.replicas')
    await client.patch(Deployment, key("web"), { ...patch, force: true }, scaled)
    const found = await client.get(Deployment, key("web"))
    expect(found.spec.replicas).toBe(5)
    expect(owners(found)["scaler Apply scale"]).toEqual({ "f:spec": { "f:replicas": {} } })
    expect((owners(found)["me Apply"] as Record<string, object>)["f:spec"]).not.toHaveProperty("f:replicas")
  })
})

function deployment(name: string, status?: object) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }] } },
    },
    ...(status && { status }),
  }
}
