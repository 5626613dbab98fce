import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { builtInResources } from "../api/index.ts"
import { formatGroupVersion } from "../apimachinery/meta.ts"
import { groupResource, type Resource, resourcePath } from "../apimachinery/resource.ts"
import { objectPlan, type Plan } from "../apimachinery/schema-plan.ts"
import { integer, type Random } from "../base/random.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { answerOf, type RawRequest } from "./raw-request.ts"
import { startTestServer, type TestServer } from "./testing.ts"

/*
 * Objects of every kind with any of their fields, of the right type and otherwise as odd as can be: what validates them,
 * defaults them and tracks their owners must never stumble. The seed is in the test's name; CORACLE_FUZZ_SECONDS makes it
 * go on with further seeds.
 */

const seconds = Number(process.env["CORACLE_FUZZ_SECONDS"] ?? 0)
const objectsPerKind = 4

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

// Bodies of these are not objects that are kept, or need a network.
const creatable = builtInResources.filter(({ verbs }) => verbs.some((verb) => verb === "create"))

describe("any object", () => {
  test.each(
    creatable.map((resource) => [`${formatGroupVersion(resource)} ${resource.plural}`, resource] as const),
  )("%s", async (name, resource) => {
    for (let round = 0; round < objectsPerKind; round++) await tryObject(resource, `${name} ${round}`)
  })

  test.skipIf(seconds === 0)("as many as there is time for", { timeout: (seconds + 60) * 1000 }, async () => {
    const end = Date.now() + seconds * 1000
    for (let round = 0; Date.now() < end; round++) {
      for (const resource of creatable)
        await tryObject(resource, `${resource.kind} ${resource.version} more ${round}`)
    }
  })

  test("and the server is well afterwards", async () => {
    expect(await send({ method: "GET", path: "/readyz" })).toMatchObject({ status: 200 })
  })
})

async function tryObject(resource: Resource, seed: string): Promise<void> {
  const random = new SeededRandom(seed)
  const body = JSON.stringify(anyObject(resource, random))
  const namespace = resource.namespaced ? "default" : undefined
  const collection = resourcePath(resource, { namespace })
  const answers = [
    await send({ method: "POST", path: `${collection}?dryRun=All&fieldValidation=Strict`, body }),
    await send({ method: "POST", path: collection, body }),
    await send({
      method: "PUT",
      path: `${collection}/any`,
      body: JSON.stringify(anyObject(resource, random)),
    }),
    await send({
      method: "PATCH",
      path: `${collection}/any?fieldManager=fuzz&force=true`,
      body: JSON.stringify(anyObject(resource, random)),
      contentType: "application/apply-patch+yaml",
    }),
    await send({
      method: "PATCH",
      path: `${collection}/any`,
      body: JSON.stringify(anyObject(resource, random)),
      contentType: "application/merge-patch+json",
    }),
    await send({ method: "DELETE", path: `${collection}/any` }),
  ]
  for (const { status, value } of answers) {
    const isInternal = status >= 500 && !expectedFailures.test(value?.message ?? "")
    expect(isInternal, `${groupResource(resource)}, seed ${seed}: ${value?.message}\n${body}`).toBe(false)
    if (status >= 400 && value) expect(value).toMatchObject({ kind: "Status", code: status })
  }
}

const send = (request: RawRequest) => answerOf(server.server, request)

/** What upstream answers with 500, too. */
const expectedFailures =
  /^failed to (create typed patch object|convert new object)|should not be set on objects to be created|^\[?target\.|strconv\.|no backend|cannot be reached/

function anyObject(resource: Resource, random: Random): Record<string, unknown> {
  const object = anyValue(objectPlan(resource.schema), random, 0) as Record<string, unknown>
  const metadata = { ...(object["metadata"] as object), name: "any" } as Record<string, unknown>
  delete metadata["namespace"]
  delete metadata["resourceVersion"]
  return { ...object, apiVersion: formatGroupVersion(resource), kind: resource.kind, metadata }
}

const texts = [
  "",
  "a",
  "A",
  "a.b/c",
  "-",
  "0",
  "10%",
  "-1",
  "1Gi",
  "Always",
  "true",
  "*",
  "x".repeat(300),
  "a\u0000b",
  "ü",
  "10.0.0.1",
  "::1",
  "10.0.0.0/8",
  "2020-01-01T00:00:00Z",
  "$(x)",
  "__proto__",
  "/",
  "..",
  "http://h",
]
const numbers = [0, 1, -1, 80, 65_536, 2 ** 31 - 1, -(2 ** 31)]
const maxDepth = 9

function anyValue(plan: Plan, random: Random, depth: number): unknown {
  switch (plan.kind) {
    case "scalar":
      return anyScalar(
        plan.schema.name,
        plan.schema.constraints?.enum as readonly string[] | undefined,
        random,
      )
    case "any":
      return pick(random, [null, 1, "x", { a: [1] }, []])
    case "list":
      return manyOf(random, depth).map(() => anyValue(plan.element.get(), random, depth + 1))
    case "map":
      return Object.fromEntries(
        manyOf(random, depth).map(() => [pick(random, texts), anyValue(plan.value.get(), random, depth + 1)]),
      )
    case "object": {
      const object: Record<string, unknown> = {}
      // Deep down little is said; at the top nearly all.
      const share = depth < 3 ? 0.7 : depth < maxDepth ? 0.35 : 0
      for (const { name, ref } of plan.list) {
        if (random.next() < share) object[name] = anyValue(ref.get(), random, depth + 1)
      }
      return object
    }
  }
}

function manyOf(random: Random, depth: number): unknown[] {
  return Array.from({ length: depth > maxDepth ? 0 : integer(random, 3) })
}

function anyScalar(name: string, allowed: readonly string[] | undefined, random: Random): unknown {
  if (allowed && random.next() < 0.8) return pick(random, allowed)
  switch (name) {
    case "bool":
      return random.next() < 0.5
    case "int32":
    case "int64":
      return pick(random, numbers)
    case "double":
      return pick(random, [0, 0.5, -1])
    case "time":
    case "microTime":
      return pick(random, ["2020-01-01T00:00:00Z", null])
    case "quantity":
      return pick(random, ["1", "0", "-1", "1.5Gi", "100m", "1e3"])
    case "intOrString":
      return pick(random, [0, 80, "http", "50%", "-1", "101%"])
    case "bytes":
      return pick(random, ["", "YQ==", "AAEC"])
    case "duration":
      return pick(random, ["1s", "0s", "-5m"])
    default:
      return pick(random, texts)
  }
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[integer(random, values.length)]!
}
