import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import type { WebhookRequest } from "../webhooks/webhook-caller.ts"
import type { ConversionRequest } from "./conversion-review.ts"
import { type Custom, customResource, install, messageOf, widgetDefinition } from "./testing.ts"

type Review = { request: ConversionRequest }
type Widget = Custom & { spec: { hostPort?: string; host?: string; port?: string } }

/** The webhook: v1 has `hostPort`, v2 has `host` and `port`. */
function convert(object: Widget, apiVersion: string): object {
  const { hostPort, host, port } = object.spec
  const [first = "", second = ""] = (hostPort ?? "").split(":")
  const spec =
    apiVersion === "example.com/v2"
      ? { host: first, port: second }
      : { hostPort: `${host ?? ""}:${port ?? ""}` }
  return { ...object, apiVersion, spec }
}

let calls: ConversionRequest[]
let answer: (review: Review) => object
let server: TestServer
beforeEach(async () => {
  calls = []
  answer = ({ request }) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "ConversionReview",
    response: {
      uid: request.uid,
      result: { status: "Success" },
      convertedObjects: request.objects.map((object) => convert(object as Widget, request.desiredAPIVersion)),
    },
  })
  server = await startTestServer({ webhookTransport: transport })
  await install(server.client, definition())
})
afterEach(() => server.stop())

async function transport({ body }: WebhookRequest) {
  const review = JSON.parse(new TextDecoder().decode(body)) as Review
  calls.push(review.request)
  return { status: 200, body: new TextEncoder().encode(JSON.stringify(answer(review))) }
}

function definition(): CustomResourceDefinition {
  const version = (name: string, storage: boolean, fields: readonly string[]) => ({
    name,
    storage,
    served: true,
    selectableFields: [{ jsonPath: `.spec.${fields[0]}` }],
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: {
          spec: {
            type: "object",
            properties: Object.fromEntries(fields.map((field) => [field, { type: "string" }])),
          },
        },
      },
    },
  })
  return widgetDefinition(
    {},
    {
      spec: {
        versions: [version("v1", true, ["hostPort"]), version("v2", false, ["host", "port"])],
        conversion: {
          strategy: "Webhook",
          webhook: {
            conversionReviewVersions: ["v1"],
            clientConfig: { url: "https://hooks.example.com/convert" },
          },
        },
      },
    },
  )
}

const first = customResource("v1")
const second = customResource("v2")
const key = (name: string) => ({ namespace: "default", name })
const create = (name: string, hostPort: string) =>
  server.client.create(first, { metadata: key(name), spec: { hostPort } })

describe("conversion by a webhook", () => {
  test("in both directions", async () => {
    await create("a", "h:80")
    expect(calls).toEqual([])
    const read = await server.client.get(second, key("a"))
    expect([read.apiVersion, read.spec]).toEqual(["example.com/v2", { host: "h", port: "80" }])
    await server.client.update(second, { ...read, spec: { host: "i", port: "81" } })
    expect((await server.client.get(first, key("a"))).spec).toEqual({ hostPort: "i:81" })
  })

  test("of a list in one call, and of no state twice", async () => {
    await create("a", "h:1")
    await create("b", "h:2")
    const ports = async () =>
      (await server.client.list(second)).items.map(({ spec }) => (spec as { port: string }).port)
    expect(await ports()).toEqual(["1", "2"])
    expect(await ports()).toEqual(["1", "2"])
    expect(calls.map(({ objects }) => objects.length)).toEqual([2])
  })

  test("of what a watch tells", async () => {
    await create("a", "h:1")
    const stop = new AbortController()
    const events = await server.client.watch(second, { signal: stop.signal })
    for await (const { object } of events) {
      expect(object.spec).toEqual({ host: "h", port: "1" })
      break
    }
    stop.abort()
  })

  test("before fields of the other version select", async () => {
    await create("a", "h:1")
    await create("b", "i:1")
    const fieldSelector = "spec.host=h"
    const { items } = await server.client.list(second, { fieldSelector })
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["a"])
    const stop = new AbortController()
    const events = await server.client.watch(second, { fieldSelector, signal: stop.signal })
    const told: string[] = []
    const reading = (async () => {
      for await (const { type, object } of events) {
        told.push(`${type} ${object.metadata.name} ${(object.spec as { host: string }).host}`)
        if (told.length === 5) stop.abort()
      }
    })().catch(() => {})
    for (const [name, hostPort] of [
      ["b", "h:2"],
      ["a", "h:3"],
      ["a", "i:3"],
    ] as const)
      await server.client.patch(first, key(name), { type: "merge", body: { spec: { hostPort } } })
    await server.client.delete(first, key("b"))
    await reading
    expect(told).toEqual(["ADDED a h", "ADDED b h", "MODIFIED a h", "DELETED a h", "DELETED b h"])
  })

  test("for who owns fields in the other version", async () => {
    await server.client.patch(
      first,
      key("a"),
      {
        type: "apply",
        body: {
          apiVersion: "example.com/v1",
          kind: "Widget",
          metadata: { name: "a" },
          spec: { hostPort: "h:1" },
        },
      },
      { fieldManager: "one" },
    )
    const metadata = { name: "a" }
    const body = { apiVersion: "example.com/v2", kind: "Widget", metadata, spec: { host: "i" } }
    const applied = await messageOf(
      server.client.patch(second, key("a"), { type: "apply", body }, { fieldManager: "two" }),
    )
    expect(applied).toBe('Apply failed with 1 conflict: conflict with "one": .spec.hostPort')
  })
})

describe("a webhook that does not do its work", () => {
  const read = () => messageOf(server.client.get(second, key("a")))

  test("is told of, in upstream's words", async () => {
    await create("a", "h:80")
    const right = answer
    const failed = "conversion webhook for example.com/v1, Kind=Widget failed: "
    answer = () => {
      throw new Error("dial tcp: lookup hooks.example.com: no such host")
    }
    expect(await read()).toBe(
      `${failed}Post "https://hooks.example.com/convert?timeout=30s": dial tcp: lookup hooks.example.com: no such host`,
    )
    answer = (review) => ({ ...right(review), response: { uid: "other" } })
    expect(await read()).toMatch(`${failed}expected response.uid="`)
    answer = (review) => {
      const { response } = right(review) as { response: object }
      return { ...right(review), response: { ...response, result: { status: "Failed", message: "no way" } } }
    }
    expect(await read()).toBe(`${failed}no way`)
    answer = (review) => {
      const { response } = right(review) as { response: { convertedObjects: Custom[] } }
      response.convertedObjects[0]!.metadata.name = "b"
      return { ...right(review), response }
    }
    expect(await read()).toBe(
      "conversion webhook for example.com/v1, Kind=Widget returned invalid converted object at index 0: must have the same name: a != b",
    )
    expect((await server.client.get(first, key("a"))).spec).toEqual({ hostPort: "h:80" })
  })

  test("may change labels, and nothing else of the metadata", async () => {
    await create("a", "h:80")
    const right = answer
    answer = (review) => {
      const { response } = right(review) as { response: { convertedObjects: Custom[] } }
      Object.assign(response.convertedObjects[0]!.metadata, { labels: { a: "b" }, generation: 99 })
      return { ...right(review), response }
    }
    const { metadata } = await server.client.get(second, key("a"))
    expect([metadata.labels, metadata.generation]).toEqual([{ a: "b" }, 1])
  })
})
