import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { isStatusError, type StatusError } from "../../apimachinery/status-error.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import type { ListOptions } from "../../client/client.ts"
import { startTestServer, type TestServer } from "../testing.ts"

let clock: SimulatedClock
let server: TestServer
beforeEach(async () => {
  clock = new SimulatedClock()
  server = await startTestServer({ clock })
})
afterEach(() => server.stop())

async function createNamed(...names: readonly string[]): Promise<string[]> {
  const versions: string[] = []
  for (const name of names) {
    const made = await server.client.create(ConfigMap, {
      metadata: { namespace: "default", name, labels: { name } },
    })
    versions.push(made.metadata.resourceVersion)
  }
  return versions
}

async function listed(options: ListOptions = {}): Promise<string[]> {
  const { items } = await server.client.list(ConfigMap, { namespace: "default", ...options })
  return items.map(({ metadata }) => metadata.name)
}

async function refusal(promise: Promise<unknown>): Promise<StatusError> {
  const error = await promise.then(
    () => new Error("was not refused"),
    (reason: unknown) => reason,
  )
  if (!isStatusError(error)) throw error
  return error
}

// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
describe("resourceVersion", () => {
  test("without one the list has everything that was written before", async () => {
    await createNamed("a", "b")
    expect(await listed()).toEqual(["a", "b"])
  })

  test("Exact shows the past, NotOlderThan the present", async () => {
    const [first] = await createNamed("a", "b")
    expect(await listed({ resourceVersion: first!, resourceVersionMatch: "Exact" })).toEqual(["a"])
    expect(await listed({ resourceVersion: first!, resourceVersionMatch: "NotOlderThan" })).toEqual([
      "a",
      "b",
    ])
    expect(await listed({ resourceVersion: first! })).toEqual(["a", "b"])
    expect(await listed({ resourceVersion: "0" })).toEqual(["a", "b"])
  })

  test("a version and a limit without a match mean exactly that version", async () => {
    const [first] = await createNamed("a", "b")
    expect(await listed({ resourceVersion: first!, limit: 5 })).toEqual(["a"])
  })

  test("a version that is not there yet is waited for, three seconds", async () => {
    const [version] = await createNamed("a")
    const future = String(Number(version) + 1)
    const waiting = listed({ resourceVersion: future })
    await createNamed("b")
    expect(await waiting).toEqual(["a", "b"])

    const tooFar = refusal(listed({ resourceVersion: "1000000" }))
    await clock.advance(3001)
    const { message, code, details } = await tooFar
    expect(code).toBe(504)
    expect(message).toMatch(/^Timeout: Too large resource version: 1000000, current: \d+$/)
    expect(details).toMatchObject({ causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 })
  })

  test.each([
    [
      { resourceVersionMatch: "Exact" },
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    ],
    [
      { resourceVersionMatch: "Exact", resourceVersion: "0" },
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [{ resourceVersionMatch: "Nope", resourceVersion: "1" }, 'supported values: "Exact", "NotOlderThan", ""'],
    [{ resourceVersion: "x" }, "resourceVersion: Invalid value"],
  ])("%j is refused", async (options, text) => {
    expect((await refusal(listed(options as ListOptions))).message).toContain(text)
  })
})

describe("pages", () => {
  test("are of the first page's version and count what is left", async () => {
    await createNamed("a", "b", "c", "d", "e")
    const first = await server.client.list(ConfigMap, { namespace: "default", limit: 2 })
    expect(first.metadata.remainingItemCount).toBe(3)
    await server.client.delete(ConfigMap, { namespace: "default", name: "d" })
    await createNamed("cc")
    const second = await server.client.list(ConfigMap, {
      namespace: "default",
      limit: 2,
      continue: first.metadata.continue!,
    })
    expect(second.items.map(({ metadata }) => metadata.name)).toEqual(["c", "d"])
    expect(second.metadata).toMatchObject({
      resourceVersion: first.metadata.resourceVersion,
      remainingItemCount: 1,
    })
    expect(await listed({ limit: 2, continue: second.metadata.continue! })).toEqual(["e"])
  })

  test("with a selector say nothing of what is left, and skip what does not match", async () => {
    await createNamed("a", "b", "c", "d")
    const first = await server.client.list(ConfigMap, { labelSelector: "name notin (b)", limit: 2 })
    expect(first.items.map(({ metadata }) => metadata.name)).toEqual(["a", "c"])
    expect(first.metadata.remainingItemCount).toBeUndefined()
    const rest = await server.client.list(ConfigMap, {
      labelSelector: "name notin (b)",
      limit: 2,
      continue: first.metadata.continue!,
    })
    expect(rest.items.map(({ metadata }) => metadata.name)).toEqual(["d"])
    expect(rest.metadata.continue).toBeUndefined()
  })

  test("of a version that was compacted away go on in the present, if the client wishes", async () => {
    await createNamed("a", "b", "c")
    const first = await server.client.list(ConfigMap, { namespace: "default", limit: 1 })
    await createNamed("d")
    await server.store.compact(await server.store.currentRevision())
    const path = "/api/v1/namespaces/default/configmaps"
    const query = { limit: "1", continue: first.metadata.continue! }
    const response = await server.server.handle({
      method: "GET",
      path,
      query: new URLSearchParams(query),
      headers: {},
      body: { kind: "none" },
      signal: new AbortController().signal,
    })
    expect(response.status).toBe(410)
    const status = (
      response.body as unknown as { value(): { metadata: { continue: string }; message: string } }
    ).value()
    expect(status.message).toContain(
      "The provided continue parameter is too old to display a consistent list result.",
    )
    expect(await listed({ limit: 5, continue: status.metadata.continue })).toEqual(["b", "c", "d"])
  })

  test("a token that was not made here is refused", async () => {
    const { message, code } = await refusal(listed({ limit: 1, continue: "nonsense" }))
    expect([code, message]).toEqual([400, expect.stringContaining("continue key is not valid")])
  })
})

describe("selectors", () => {
  test("of fields that the kind does not select by are refused", async () => {
    const { message } = await refusal(listed({ fieldSelector: "data.x=1" }))
    expect(message).toBe('"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"')
  })

  test("that cannot be read are refused in upstream's words", async () => {
    const { message, code } = await refusal(listed({ labelSelector: "a=b=c" }))
    expect([code, message]).toEqual([
      400,
      expect.stringContaining("found '=', expected: ',' or 'end of string'"),
    ])
  })

  test("by name and namespace", async () => {
    await createNamed("a", "b")
    expect(await listed({ fieldSelector: "metadata.name=b" })).toEqual(["b"])
    expect(await listed({ fieldSelector: "metadata.name!=b" })).toEqual(["a"])
    const everywhere = await server.client.list(ConfigMap, { fieldSelector: "metadata.namespace=default" })
    expect(everywhere.items.length).toBe(2)
  })
})
