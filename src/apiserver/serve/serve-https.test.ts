import { connect as connectHttp2 } from "node:http2"
import { Agent, request as httpsRequest } from "node:https"
import { gunzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { decodeEnvelope, decodeProtobuf } from "../../apimachinery/codec/protobuf.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { issueTestCertificates } from "./testing.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { type Listening, serveHttps } from "./serve-https.ts"

const certificates = issueTestCertificates()
let server: TestServer
let listening: Listening

beforeAll(async () => {
  server = await startTestServer({ clock: realClock, random: realRandom })
  listening = await serveHttps(server.server.handle, {
    host: "127.0.0.1",
    port: 0,
    serving: certificates.server,
    clientAuthorities: certificates.authority,
    clock: realClock,
    log: silentLogger,
  })
})
afterAll(async () => {
  await server.stop()
  await listening.close(0)
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly json: () => Record<string, unknown>
}

const agent = new Agent({ keepAlive: false, ca: certificates.authority })

function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
) {
  return new Promise<Answer>((resolve, reject) => {
    const { port } = listening
    const outgoing = httpsRequest({ host: "127.0.0.1", port, method, path, headers, agent }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
      incoming.on("end", () => {
        const bytes = Buffer.concat(chunks)
        const json = () => JSON.parse(bytes.toString()) as Record<string, unknown>
        resolve({ status: incoming.statusCode!, headers: incoming.headers, bytes, json })
      })
    })
    outgoing.on("error", reject)
    outgoing.end(body)
  })
}

const collection = "/api/v1/namespaces/default/configmaps"
const json = { "content-type": "application/json" }

describe("over HTTPS", () => {
  test("addresses may be as long as the commands in them", async () => {
    const { status } = await send("GET", `${collection}?command=${"a".repeat(500_000)}`)
    expect(status).toBe(200)
    expect((await send("GET", `${collection}?command=${"a".repeat(1 << 20)}`)).status).toBe(431)
  })

  test("objects travel as JSON, YAML and protobuf", async () => {
    const created = await send(
      "POST",
      collection,
      json,
      JSON.stringify({ metadata: { name: "a" }, data: { x: "1" } }),
    )
    expect(created.status).toBe(201)
    expect(created.headers["content-type"]).toBe("application/json")
    const text = created.bytes.toString()
    expect(text).toMatch(
      /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"a","namespace":"default","uid":"/,
    )
    expect(text.endsWith("}\n")).toBe(true)

    const yaml = await send("GET", `${collection}/a`, { accept: "application/yaml" })
    expect(yaml.bytes.toString()).toContain('data:\n  x: "1"\n')

    const protobuf = await send("GET", `${collection}/a`, { accept: "application/vnd.kubernetes.protobuf" })
    expect(protobuf.headers["content-type"]).toBe("application/vnd.kubernetes.protobuf")
    const decoded = decodeProtobuf(ConfigMap.schema, decodeEnvelope(protobuf.bytes))
    expect(decoded).toEqual(JSON.parse(text))

    const fromYaml = await send(
      "POST",
      collection,
      { "content-type": "application/yaml" },
      "metadata: {name: from-yaml}\n",
    )
    expect(fromYaml.status).toBe(201)
    await send("DELETE", `${collection}/from-yaml`)
  })

  test("items of a list have no kind of their own, and a table has cells", async () => {
    const list = (await send("GET", collection)).json() as { items: Record<string, unknown>[] }
    expect(Object.keys(list)).toEqual(["kind", "apiVersion", "metadata", "items"])
    expect(Object.keys(list.items[0]!)[0]).toBe("metadata")
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    const table = (await send("GET", collection, { accept })).json()
    expect(table).toMatchObject({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      columnDefinitions: [{ name: "Name" }, { name: "Data" }, { name: "Age" }],
      rows: [{ cells: ["a", 1, expect.any(String)], object: { kind: "PartialObjectMetadata" } }],
    })
  })

  test("refusals are Status objects, unknown paths are not", async () => {
    const missing = await send("GET", `${collection}/nope`)
    expect(missing.status).toBe(404)
    expect(missing.json()).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'configmaps "nope" not found',
      reason: "NotFound",
      details: { name: "nope", kind: "configmaps" },
      code: 404,
    })
    const nowhere = await send("GET", "/nope")
    expect([nowhere.status, nowhere.bytes.toString()]).toEqual([404, "404 page not found\n"])
    const unreadable = await send("POST", collection, json, '{"metadata": ')
    expect(unreadable.status).toBe(400)
    expect(unreadable.json()["message"]).toContain(
      "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ",
    )
    const unsupported = await send("POST", collection, { "content-type": "text/plain" }, "x")
    expect(unsupported.status).toBe(415)
    expect((await send("GET", collection, { accept: "text/html" })).status).toBe(406)
    const large = await send("POST", collection, json, `{"data":{"x":"${"x".repeat(3 * 1024 * 1024)}"}}`)
    expect(large.status).toBe(413)
  })

  test("unknown fields are warned of, refused or ignored", async () => {
    const body = JSON.stringify({ metadata: { name: "w" }, nope: 1 })
    const warned = await send("POST", `${collection}?dryRun=All`, json, body)
    expect(warned.headers["warning"]).toBe('299 - "unknown field \\"nope\\""')
    const refused = await send("POST", `${collection}?fieldValidation=Strict`, json, body)
    expect(refused.status).toBe(400)
    expect(refused.json()["message"]).toContain('strict decoding error: unknown field "nope"')
    const ignored = await send("POST", `${collection}?fieldValidation=Ignore&dryRun=All`, json, body)
    expect(ignored.headers["warning"]).toBeUndefined()
  })

  test("large answers are compressed for those who can read that", async () => {
    for (let index = 0; index < 20; index++) {
      const data = { text: "x".repeat(20_000) }
      await server.client.create(ConfigMap, { metadata: { namespace: "big", name: `m${index}` }, data })
    }
    const path = "/api/v1/namespaces/big/configmaps"
    const plain = await send("GET", path)
    const zipped = await send("GET", path, { "accept-encoding": "gzip" })
    expect(zipped.headers["content-encoding"]).toBe("gzip")
    expect(zipped.bytes.length).toBeLessThan(plain.bytes.length / 10)
    expect(gunzipSync(zipped.bytes).equals(plain.bytes)).toBe(true)
  })

  test("watches over HTTP/1.1 and HTTP/2 tell the same", async () => {
    const watched = await Promise.all([firstEvents(2), firstEventsHttp2(2)])
    expect(watched[0]).toEqual(["ADDED a", "ADDED live"])
    expect(watched[1]).toEqual(watched[0])
  })

  test("a watch over a WebSocket tells an event per message", async () => {
    const { WebSocket } = await import("ws")
    const url = `wss://127.0.0.1:${listening.port}${collection}?watch=1`
    const socket = new WebSocket(url, { ca: certificates.authority })
    const first = await new Promise<string>((resolve, reject) => {
      socket.on("message", (data: Buffer) => resolve(data.toString()))
      socket.on("error", reject)
    })
    socket.close()
    expect(toLines(first)).toEqual(["ADDED a"])
  })

  test("other upgrades of ordinary paths are answered in the ordinary way", async () => {
    const headers = { connection: "Upgrade", upgrade: "nonsense" }
    const { status } = await send("GET", `${collection}/a`, headers)
    expect(status).toBe(200)
  })
})

test("closing ends watches at once, lets answers under way end, and takes no new connection", async () => {
  const own = await startTestServer({ clock: realClock, random: realRandom })
  const listener = await serveHttps(own.server.handle, {
    host: "127.0.0.1",
    port: 0,
    serving: certificates.server,
    clientAuthorities: certificates.authority,
    clock: realClock,
    log: silentLogger,
  })
  const { port } = listener
  const ended = new Promise<string>((resolve, reject) => {
    const outgoing = httpsRequest(
      { host: "127.0.0.1", port, path: "/api/v1/namespaces?watch=1", agent },
      (incoming) => {
        incoming.resume()
        incoming.on("end", () => resolve(incoming.complete ? "in order" : "cut off"))
        incoming.once("data", () => {
          void own.stop()
          void listener.close(5000)
        })
      },
    )
    outgoing.on("error", reject)
    outgoing.end()
  })
  expect(await ended).toBe("in order")
  const refused = new Promise((resolve) => {
    httpsRequest({ host: "127.0.0.1", port, path: "/", agent }).on("error", resolve).end()
  })
  expect(await refused).toMatchObject({ code: "ECONNREFUSED" })
})

async function createLive(): Promise<void> {
  await server.client.create(ConfigMap, { metadata: { namespace: "default", name: "live" } }).catch(() => {})
}

function toLines(text: string): string[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { type: string; object: { metadata: { name: string } } })
    .map(({ type, object }) => `${type} ${object.metadata.name}`)
}

function firstEvents(count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const { port } = listening
    const path = `${collection}?watch=1`
    const outgoing = httpsRequest({ host: "127.0.0.1", port, path, agent }, (incoming) => {
      let text = ""
      incoming.on("data", (chunk: Buffer) => {
        if (text === "") void createLive()
        text += chunk.toString()
        const lines = toLines(text)
        if (lines.length < count) return
        outgoing.destroy()
        resolve(lines)
      })
    })
    outgoing.on("error", reject)
    outgoing.end()
  })
}

function firstEventsHttp2(count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://127.0.0.1:${listening.port}`, { ca: certificates.authority })
    const stream = session.request({ ":path": `${collection}?watch=1` })
    let text = ""
    stream.on("data", (chunk: Buffer) => {
      if (text === "") void createLive()
      text += chunk.toString()
      const lines = toLines(text)
      if (lines.length < count) return
      session.destroy()
      resolve(lines)
    })
    stream.on("error", reject)
  })
}
