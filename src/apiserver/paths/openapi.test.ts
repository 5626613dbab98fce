import { afterEach, beforeEach, expect, test } from "vitest"
import { answerOf } from "../raw-request.ts"
import { startTestServer, type TestServer } from "../testing.ts"

const protobuf = (version: string) => `application/com.github.proto-openapi.spec.${version}+protobuf`

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

function get(path: string, accept?: string) {
  return answerOf(server.server, { method: "GET", path, headers: accept ? { accept } : {} })
}

test.each([
  ["/openapi/v2", "v2"],
  ["/openapi/v3/apis/apps/v1", "v3"],
])("%s is JSON or protobuf, as the client wants", async (path, version) => {
  const json = "application/json"
  const wanted: [string | undefined, string | undefined][] = [
    [undefined, json],
    ["*/*", json],
    ["application/json;q=0.5, text/plain", json],
    [protobuf(`${version}.v1.0`), protobuf(`${version}.v1.0`)],
    [`${protobuf(`${version}@v1.0`)}, application/json`, protobuf(`${version}.v1.0`)],
    ["text/plain", undefined],
  ]
  for (const [accept, type] of wanted) {
    const { status, headers } = await get(path, accept)
    expect([accept, status, headers["content-type"]]).toEqual([accept, type ? 200 : 406, type])
  }
})

test("both forms have one hash, under which they never change", async () => {
  const index = JSON.parse((await get("/openapi/v3")).text) as {
    paths: Record<string, { serverRelativeURL: string }>
  }
  const address = index.paths["apis/batch/v1"]!.serverRelativeURL
  const hash = address.split("hash=")[1]
  for (const accept of ["application/json", protobuf("v3@v1.0")]) {
    const { status, headers } = await get(address, accept)
    expect([status, headers["etag"], headers["cache-control"]]).toEqual([
      200,
      `"${hash}"`,
      "public, immutable",
    ])
  }
  const old = await get("/openapi/v3/apis/batch/v1?hash=OLD", protobuf("v3@v1.0"))
  expect([old.status, old.headers["location"]]).toEqual([301, address])
})
