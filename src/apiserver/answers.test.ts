import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { answerOf, type RawAnswer, type RawRequest } from "./raw-request.ts"
import { startTestServer, type TestServer } from "./testing.ts"

/*
 * What a real kube-apiserver v1.36 answers to requests that are not quite right: each row was seen there.
 */

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  await send("POST /api/v1/namespaces/default/configmaps", { metadata: { name: "a" }, data: { a: "1" } })
})
afterAll(() => server.stop())

const maps = "/api/v1/namespaces/default/configmaps"

function send(line: string, body?: unknown, more: Partial<RawRequest> = {}): Promise<RawAnswer> {
  const [method = "", path = ""] = line.split(" ")
  const text = body === undefined || typeof body === "string" ? (body as string) : JSON.stringify(body)
  return answerOf(server.server, { method, path, ...(text !== undefined && { body: text }), ...more })
}

const told = ({ status, value }: RawAnswer) => `${status} ${value?.message ?? value?.kind ?? ""}`
const nowhere = "404 the server could not find the requested resource"
const wrongMethod = "405 the server does not allow this method on the requested resource"

describe("paths and methods", () => {
  test.each([
    ["GET /api/v1/nope", nowhere],
    ["GET /api/v2", nowhere],
    ["GET /apis/apps/v9", nowhere],
    ["GET /api/v1/pods/x", nowhere],
    ["GET /api/v1/namespaces/default/nodes", nowhere],
    ["GET /api/v1/namespaces/default/namespaces", nowhere],
    ["GET /api/v1/namespaces/default/configmaps/a/status", nowhere],
    ["GET /api/v1/nodes/x/status/y", nowhere],
    ["POST /api/v1/bindings", nowhere],
    ["GET /apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x", nowhere],
    ["GET /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", wrongMethod],
    ["GET /api/v1/namespaces/default/pods/x/binding", wrongMethod],
    ["GET /api/v1/namespaces/default/finalize", wrongMethod],
    ["POST /api/v1/pods", wrongMethod],
    ["DELETE /api/v1/configmaps", wrongMethod],
    ["PUT /api/v1/namespaces/default/configmaps", wrongMethod],
    ["POST /api/v1/namespaces/default/configmaps/a", wrongMethod],
    ["POST /api/v1/watch/pods", wrongMethod],
    ["HEAD /api/v1/pods", wrongMethod],
    ["PUT /api", wrongMethod],
    ["POST /version", wrongMethod],
    ["PUT /apis/apps", "200 APIGroup"],
  ])("%s", async (line, answer) => expect(told(await send(line))).toBe(answer))

  test.each(["GET /nope", "GET /apis/nope/v1/things", "GET /healthz/", "GET /apis/nope"])(
    "%s is nobody's",
    async (line) => expect((await send(line)).text).toBe("404 page not found\n"),
  )

  test("what one request is warned of is not told to another", async () => {
    expect((await send("POST /api/v1/componentstatuses")).headers["warning"]).toBeUndefined()
    expect((await send("GET /api/v1/componentstatuses")).headers["warning"]).toHaveLength(1)
    expect((await send("POST /api/v1/nodes/x")).headers["warning"]).toBeUndefined()
  })
})

describe("versions", () => {
  const unreadable = `resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax`
  test.each([
    ["?resourceVersion=abc", `400 invalid resource version: ${unreadable}`],
    ["/a?resourceVersion=abc", `500 ${unreadable}`],
    ["?watch=1&resourceVersion=abc", `500 ${unreadable}`],
    ["?limit=", '400 strconv.ParseInt: parsing "": invalid syntax'],
    [
      "?limit=99999999999999999999",
      '400 strconv.ParseInt: parsing "99999999999999999999": value out of range',
    ],
    [
      "?continue=!",
      "400 invalid continue token: continue key is not valid: illegal base64 data at input byte 0",
    ],
    [
      "?continue=e30",
      "400 invalid continue token: continue key is not valid: server does not recognize this encoded version ",
    ],
    ["/a?export=1", "400 the export parameter, deprecated since v1.14, is no longer supported"],
    ["?fieldSelector=%3D", "200 ConfigMapList"],
  ])("%s", async (query, answer) => expect(told(await send(`GET ${maps}${query}`))).toBe(answer))

  test.each([
    "?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
    "?watch=1&resourceVersionMatch=Exact",
    "?watch=1&continue=x",
  ])("%s is no watch", async (query) => expect((await send(`GET ${maps}${query}`)).status).toBe(422))

  test("a name in the path and another in the selector", async () => {
    const answer = await send(`GET /api/v1/watch${maps.slice(7)}/a?fieldSelector=metadata.name%3Db`)
    expect(told(answer)).toBe("400 fieldSelector metadata.name doesn't match requested name")
  })

  test("two names at once select nothing, and so does another namespace", async () => {
    for (const selector of ["metadata.name%3Da,metadata.name%3Db", "metadata.namespace%3Dother"]) {
      expect((await send(`GET ${maps}?fieldSelector=${selector}`)).value.items).toEqual([])
    }
  })

  test("any version means all of it, whatever the limit", async () => {
    await send(`POST ${maps}`, { metadata: { name: "b" } })
    const { value } = await send(`GET ${maps}?resourceVersion=0&limit=1`)
    expect(value.items).toHaveLength(2)
    expect(value.metadata.continue).toBeUndefined()
  })

  test("a page goes on where upstream's servers would: within the namespace", async () => {
    const { value } = await send(`GET ${maps}?limit=1`)
    expect(JSON.parse(atob(value.metadata.continue))).toMatchObject({ v: "meta.k8s.io/v1", start: "a\0" })
  })
})

describe("bodies", () => {
  const cannot = (kind: string, version: string, why: string) =>
    `400 ${kind} in version "${version}" cannot be handled as a ConfigMap: ${why}`
  const goType = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`
  const unrecognized = "400 the object provided is unrecognized (must be of type ConfigMap):"
  test.each([
    [
      "[]",
      `${unrecognized} couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type ${goType} (5b5d)`,
    ],
    [
      '{"kind":3}',
      `${unrecognized} couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":3})`,
    ],
    ['{"kind":"Pod"}', cannot("Pod", "v1", "converting (v1.Pod) to (core.ConfigMap): unknown conversion")],
    [
      '{"kind":"Nope"}',
      cannot(
        "Nope",
        "v1",
        'no kind "Nope" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
      ),
    ],
    [
      '{"apiVersion":"a/b/c"}',
      `${unrecognized} unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})`,
    ],
    [
      '{"metadata":{"name":"x","resourceVersion":"1"}}',
      "500 resourceVersion should not be set on objects to be created",
    ],
    ["null", '422 ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
  ])("%s", async (body, answer) => expect(told(await send(`POST ${maps}`, body))).toBe(answer))

  test("a version of another kind of the group", async () => {
    const path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    const answer = await send(`POST ${path}`, {
      apiVersion: "autoscaling/v1",
      kind: "HorizontalPodAutoscaler",
    })
    expect(told(answer)).toBe(
      "400 the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)",
    )
  })

  test.each([
    [
      { metadata: {} },
      "400 the name of the object (a based on URL) was undeterminable: name must be provided",
    ],
    [
      { metadata: { name: "a", resourceVersion: "abc" } },
      '500 strconv.ParseUint: parsing "abc": invalid syntax',
    ],
  ])("PUT %j", async (body, answer) => expect(told(await send(`PUT ${maps}/a`, body))).toBe(answer))

  test("PUT for another object of that name", async () => {
    const { value } = await send(`PUT ${maps}/a`, { metadata: { name: "a", uid: "other" } })
    expect(value.message).toContain(
      "StorageError: invalid object, Code: 4, Key: /configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ",
    )
  })

  test("finalizers that do not say whose they are", async () => {
    const answer = await send(`PUT ${maps}/a`, { metadata: { name: "a", finalizers: ["bad"] } })
    expect(told(answer)).toBe(
      '422 ConfigMap "a" is invalid: metadata.finalizers[0]: Invalid value: "bad": name is neither a standard finalizer name nor is it fully qualified',
    )
  })
})

describe("patches", () => {
  const notConverted = (shown: string, why: string) =>
    `422  "" is invalid: patch: Invalid value: "map[${shown}]": ${why}`
  const patch = (kind: string, body: unknown, query = "dryRun=All") =>
    send(`PATCH ${maps}/a?${query}`, body, { contentType: `application/${kind}-patch+json` })

  test.each([
    [
      "json",
      {},
      "400 error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    ],
    [
      "json",
      [3],
      "400 error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
    ],
    ["json", [null], "422 the server rejected our request due to an error in our request"],
    ["json", null, "200 ConfigMap"],
    [
      "merge",
      [],
      "400 error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
    [
      "merge",
      { metadata: { uid: "x" } },
      '422 ConfigMap "a" is invalid: metadata.uid: Invalid value: "x": field is immutable',
    ],
    ["strategic-merge", [], "400 json: cannot unmarshal array into Go value of type map[string]interface {}"],
    ["strategic-merge", { kind: "Pod" }, "200 ConfigMap"],
    ["strategic-merge", { data: { x: 5 } }, notConverted("data:map[x:5]", "cannot convert int64 to string")],
    ["strategic-merge", { data: { x: true } }, notConverted("data:map[x:true]", "unrecognized type: string")],
    ["strategic-merge", { data: "x" }, notConverted("data:x", "cannot restore map from string")],
    ["strategic-merge", { metadata: 5 }, notConverted("metadata:5", "cannot restore struct from: int64")],
  ])("%s %j", async (kind, body, answer) => expect(told(await patch(kind, body))).toBe(answer))

  test("strict ones name what is wrong with the patch", async () => {
    const answer = await patch(
      "strategic-merge",
      { nope: 1, data: { x: "y" } },
      "dryRun=All&fieldValidation=Strict",
    )
    expect(told(answer)).toBe(
      '422  "" is invalid: patch: Invalid value: "map[data:map[x:y] nope:1]": strict decoding error: unknown field "nope"',
    )
  })

  test("JSON patches are looked at as closely as objects", async () => {
    const body = '[{"op":"add","op":"add","path":"/data/q","value":"1","more":2}]'
    const { headers } = await patch("json", body)
    expect(headers["warning"]).toEqual([
      String.raw`299 - "json patch duplicate field \"[0].op\""`,
      String.raw`299 - "json patch unknown field \"[0].more\""`,
    ])
  })

  test("of a type that is none", async () => {
    expect(told(await patch("nope", {}))).toBe("415 415: Unsupported Media Type")
  })
})

describe("subresources", () => {
  test("a scale in a table has columns of its own", async () => {
    const spec = {
      selector: { matchLabels: { a: "b" } },
      template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
    }
    const path = "/apis/apps/v1/namespaces/default/deployments"
    expect((await send(`POST ${path}`, { metadata: { name: "d" }, spec })).status).toBe(201)
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    const { value } = await send(`GET ${path}/d/scale`, undefined, { headers: { accept } })
    expect(value.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "Desired",
      "Available",
      "Age",
    ])
    expect(value.rows[0].cells.slice(0, 3)).toEqual(["d", 1, 0])
  })

  test("a binding and an eviction are for the pod in the path", async () => {
    const pod = "/api/v1/namespaces/default/pods/p"
    expect(told(await send(`POST ${pod}/binding`, {}))).toBe(
      "400 name in URL does not match name in Binding object",
    )
    expect(told(await send(`POST ${pod}/eviction`, {}))).toBe(
      "400 name in URL does not match name in Eviction object",
    )
  })
})

test("a pod that goes at once is shown as deleted", async () => {
  const path = "/api/v1/namespaces/default/pods"
  await send(`POST ${path}`, {
    metadata: { name: "gone" },
    spec: { containers: [{ name: "c", image: "i" }] },
  })
  const { value } = await send(`DELETE ${path}/gone`)
  expect(value.metadata).toMatchObject({ generation: 2, deletionGracePeriodSeconds: 0 })
  expect((await send(`GET ${path}/gone`)).status).toBe(404)
})
