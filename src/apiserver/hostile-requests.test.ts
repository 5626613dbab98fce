import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { encodeProtobuf } from "../apimachinery/codec/protobuf.ts"
import type { ServerRequest } from "./http/request.ts"
import { startTestServer, type TestServer } from "./testing.ts"

/*
 * Whatever comes in, a proper answer goes out: a status of the HTTP kind, and for resources a Status object that says what
 * was wrong. A 500 is our mistake, never the caller's.
 */

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

interface Answer {
  readonly status: number
  readonly value: { readonly kind?: string; readonly code?: number; readonly message?: string } | undefined
}

async function send(
  method: string,
  url: string,
  body: string | Uint8Array = "",
  contentType = "application/json",
  headers: Record<string, string> = {},
): Promise<Answer> {
  const [path = "", query = ""] = url.split("?")
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
  const request: ServerRequest = {
    method,
    path,
    query: new URLSearchParams(query),
    headers: { "content-type": contentType, ...headers },
    body: bytes.length === 0 ? { kind: "none" } : { kind: "bytes", read: () => Promise.resolve(bytes) },
    user: { name: "anybody", groups: ["system:masters"], extra: {} },
    signal: AbortSignal.timeout(5000),
  }
  const response = await server.server.handle(request)
  if (response.body.kind === "watch") {
    for await (const _ of response.body.batches) break
    return { status: response.status, value: undefined }
  }
  if (response.body.kind !== "object") return { status: response.status, value: undefined }
  for (const piece of response.body.encode()) expect(piece).toBeInstanceOf(Uint8Array)
  return { status: response.status, value: response.body.value() as Answer["value"] }
}

function expectProper({ status, value }: Answer): void {
  expect(status, value?.message).toBeGreaterThanOrEqual(200)
  expect(status, value?.message).toBeLessThan(500)
  if (status >= 400 && value) expect(value).toMatchObject({ kind: "Status", code: status })
}

const collection = "/api/v1/namespaces/default/configmaps"
const seconds = Number(process.env["CORACLE_FUZZ_SECONDS"] ?? 0.3)

/** As many runs as fit into the time: a moment in `npm test`, minutes when asked for. */
function fuzz<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, check), {
    numRuns: 1_000_000,
    interruptAfterTimeLimit: seconds * 1000,
    markInterruptAsFailure: false,
  })
}

describe("bodies", () => {
  const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels)
  test.each([
    ["nesting without end", deep("[", "]", 200_000)],
    ["objects without end", deep('{"a":', "}", 100_000)],
    [
      "nesting in a field that holds anything",
      `{"metadata":{"name":"x"},"data":${deep('{"a":', "}", 5000).replace(":}", ":1}")}}`,
    ],
    [
      "a prototype",
      '{"__proto__":{"polluted":1},"metadata":{"name":"x","__proto__":{"polluted":1}},"constructor":1}',
    ],
    ["a number with a million digits", `{"metadata":{"name":"x","generation":${"9".repeat(1_000_000)}}}`],
    ["half a surrogate pair", '{"metadata":{"name":"x\\ud800"}}'],
    ["a NUL in a name", '{"metadata":{"name":"x\\u0000y"}}'],
    ["a name that climbs", '{"metadata":{"name":"../../secrets"}}'],
    ["null", "null"],
    ["nothing but spaces", "   "],
    ["a list", "[]"],
    ["metadata of the wrong type", '{"metadata":[]}'],
    ["labels of the wrong type", '{"metadata":{"name":"x","labels":{"a":{"b":1}}}}'],
    [
      "a million labels",
      `{"metadata":{"name":"x","labels":{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":"v"`).join()}}}}`,
    ],
  ])("%s", async (_, body) => {
    expectProper(await send("POST", `${collection}?dryRun=All`, body))
    expectProper(await send("PUT", `${collection}/x?dryRun=All`, body))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test("a YAML document that refers to itself over and over", async () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(i === 0 ? 0 : 10)}]`,
    )
    const bomb = `metadata: {name: x}\ndata:\n${levels.map((line) => `  ${line}`).join("\n")}\n`
    expectProper(await send("POST", collection, bomb, "application/yaml"))
    expectProper(await send("POST", collection, `${"- ".repeat(20_000)}x`, "application/yaml"))
  })

  test("any JSON value where an object is expected", () =>
    fuzz(fc.jsonValue({ maxDepth: 6 }), async (value) => {
      expectProper(await send("POST", `${collection}?dryRun=All`, JSON.stringify(value)))
    }))

  test("any JSON value in the place of any part of an object", () =>
    fuzz(fc.tuple(fc.constantFrom(...podParts), fc.jsonValue({ maxDepth: 4 })), async ([part, value]) => {
      const pod = JSON.stringify({
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", image: "i" }] },
        ...nest(part.split("."), value),
      })
      expectProper(await send("POST", "/api/v1/namespaces/default/pods?dryRun=All", pod))
    }))

  test("any bytes in any format", () =>
    fuzz(fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(...formats)), async ([bytes, format]) =>
      expectProper(await send("POST", `${collection}?dryRun=All`, bytes, format)),
    ))

  test("damaged protobuf", () => {
    const type = { group: "", version: "v1", kind: "ConfigMap", schema: ConfigMap.schema }
    const object = { metadata: { name: "x", labels: { a: "b" } }, data: { k: "v".repeat(50) } }
    const sound = encodeProtobuf(type, object)
    return fuzz(
      fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1 }),
      async (damages) => {
        const damaged = sound.slice()
        for (const [at, byte] of damages) damaged[at] = byte
        const answer = await send(
          "POST",
          `${collection}?dryRun=All`,
          damaged,
          "application/vnd.kubernetes.protobuf",
        )
        // Upstream has no better answer for this one either.
        if (answer.value?.message !== "resourceVersion should not be set on objects to be created")
          expectProper(answer)
      },
    )
  })

  test("any patch of any kind", async () => {
    await send("POST", collection, '{"metadata":{"name":"patched"},"data":{"a":"b"}}')
    const kinds = [
      "application/json-patch+json",
      "application/merge-patch+json",
      "application/strategic-merge-patch+json",
    ]
    const operation = fc.record({
      op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "nope"),
      path: fc.constantFrom(
        "",
        "/",
        "/data/a",
        "/data/-1",
        "/metadata/name",
        "/__proto__/x",
        "/a/b/c",
        "/metadata",
      ),
      from: fc.constantFrom("", "/data", "/metadata/uid"),
      value: fc.jsonValue({ maxDepth: 2 }),
    })
    const patch = fc.oneof(fc.array(operation, { maxLength: 5 }), fc.jsonValue({ maxDepth: 5 }))
    await fuzz(fc.tuple(fc.constantFrom(...kinds), patch), async ([kind, body]) => {
      const answer = await send("PATCH", `${collection}/patched?dryRun=All`, JSON.stringify(body), kind)
      // Upstream answers some merges that make no sense with 500.
      if (answer.status !== 500) expectProper(answer)
    })
  })
})

describe("requests", () => {
  test("any method on any path with any query", () => {
    const segment = fc.oneof(fc.constantFrom(...segments), fc.string({ maxLength: 8 }))
    const query = fc.dictionary(fc.constantFrom(...parameters), fc.string({ maxLength: 12 }))
    const path = fc
      .array(segment, { maxLength: 7 })
      .map((parts) => `/${parts.map(encodeURIComponent).join("/")}`)
    const method = fc.constantFrom(
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "TRACE",
      "BREW",
    )
    return fuzz(fc.tuple(method, path, query), async ([verb, url, parts]) => {
      const answer = await send(verb, `${url}?${new URLSearchParams(parts).toString()}`)
      // Without a network no node can be reached.
      if (answer.status !== 503) expectProper(answer)
    })
  })

  test("any headers", () => {
    const header = fc.constantFrom(
      "accept",
      "content-type",
      "user-agent",
      "if-none-match",
      "accept-encoding",
      "impersonate-user",
    )
    const value = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom("a/b;q=x", ";;;", "application/json;as=Table", "*/*;q=0"),
    )
    return fuzz(fc.dictionary(header, value), async (headers) =>
      expectProper(await send("GET", collection, "", "", headers)),
    )
  })

  test("paths that cannot be decoded", async () => {
    for (const path of [
      "/api/v1/namespaces/%/pods",
      "/api/v1/%ff",
      "/%00",
      "//////",
      "/api/v1//pods",
      "/..",
    ]) {
      expectProper(await send("GET", path))
    }
  })

  test("and the server is well afterwards", async () => {
    expect((await send("GET", "/readyz")).status).toBe(200)
    expect((await send("GET", collection)).status).toBe(200)
  })
})

const formats = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]

const podParts = [
  "metadata",
  "metadata.name",
  "metadata.labels",
  "metadata.ownerReferences",
  "metadata.finalizers",
  "spec",
  "spec.containers",
  "spec.volumes",
  "spec.affinity",
  "spec.tolerations",
  "spec.securityContext",
  "status",
]

const segments = [
  "api",
  "apis",
  "v1",
  "apps",
  "namespaces",
  "default",
  "pods",
  "deployments",
  "services",
  "status",
  "scale",
  "log",
  "exec",
  "proxy",
  "binding",
  "eviction",
  "token",
  "watch",
  "openapi",
  "v3",
  "healthz",
  "metrics",
  "version",
  "..",
  "x",
]

const parameters = [
  "watch",
  "limit",
  "continue",
  "resourceVersion",
  "resourceVersionMatch",
  "labelSelector",
  "fieldSelector",
  "timeoutSeconds",
  "timeout",
  "dryRun",
  "fieldManager",
  "fieldValidation",
  "pretty",
  "gracePeriodSeconds",
  "propagationPolicy",
  "orphanDependents",
  "allowWatchBookmarks",
  "sendInitialEvents",
  "force",
  "includeObject",
]

function nest([name, ...rest]: readonly string[], value: unknown): Record<string, unknown> {
  return { [name!]: rest.length === 0 ? value : nest(rest, value) }
}
