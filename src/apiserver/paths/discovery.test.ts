import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { APIGroupDiscoveryList } from "../../api/apidiscovery/v2/api-group-discovery-list.ts"
import { decodeEnvelope, decodeProtobuf } from "../../apimachinery/codec/protobuf.ts"
import { parseYaml } from "../../apimachinery/codec/yaml.ts"
import { startTestServer, type TestServer } from "../testing.ts"

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

async function get(path: string, accept: string) {
  const { status, headers, body } = await server.server.handle({
    method: "GET",
    path,
    query: new URLSearchParams(),
    headers: { accept },
    body: { kind: "none" },
    user: { name: "admin", groups: ["system:masters"], extra: {} },
    signal: new AbortController().signal,
  })
  const chunks = body.kind === "object" ? body.encode() : body.kind === "bytes" ? [body.bytes] : []
  return {
    status,
    type: headers["content-type"],
    etag: headers["etag"],
    bytes: [...chunks][0] ?? new Uint8Array(),
  }
}

const asList = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

describe.each(["/api", "/apis"])("%s as one document", (path) => {
  test("says the same in JSON, YAML and protobuf", async () => {
    const json = await get(path, `application/json${asList}`)
    const told = JSON.parse(new TextDecoder().decode(json.bytes)) as { items: object[] }
    expect(told.items.length).toBeGreaterThan(0)

    const yaml = await get(path, `application/yaml${asList}`)
    expect(yaml.type).toBe(`application/yaml${asList}`)
    expect(parseYaml(new TextDecoder().decode(yaml.bytes))).toEqual(told)

    const protobuf = await get(path, `application/vnd.kubernetes.protobuf${asList}`)
    expect(protobuf.type).toBe(`application/vnd.kubernetes.protobuf${asList}`)
    const envelope = decodeEnvelope(protobuf.bytes)
    expect([envelope.apiVersion, envelope.kind]).toEqual(["apidiscovery.k8s.io/v2", "APIGroupDiscoveryList"])
    expect(decodeProtobuf(APIGroupDiscoveryList, envelope)).toMatchObject({ items: told.items })
    expect(new Set([json.etag, yaml.etag, protobuf.etag]).size).toBe(3)
  })

  test("is there in the first form that can be given", async () => {
    const accept = `application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList, application/json${asList}, application/json`
    expect((await get(path, accept)).type).toBe(`application/json${asList}`)
    const old = "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    expect((await get(path, old)).status).toBe(406)
  })
})
