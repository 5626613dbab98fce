import * as http2 from "node:http2"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { realRandom } from "../../base/real/random.ts"
import { settle } from "../../base/simulated/clock.ts"
import { issueAuthority, issueCertificate } from "../../cluster/certificates/issue-certificate.ts"
import { ConnectionError } from "../transport.ts"
import { createHttpsTransport, type HttpsTransport } from "./https-transport.ts"

type Handler = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void

const now = Date.now()
const authority = issueAuthority("test", now, realRandom)
const pair = issueCertificate(
  {
    name: "server",
    subject: { commonName: "server" },
    alternativeNames: { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] },
    usages: ["server auth", "client auth"],
  } as never,
  authority,
  now,
  realRandom,
)
const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach((close) => close()))

async function serve(
  handler: Handler,
): Promise<{ transport: HttpsTransport; sessions: () => number; end: () => void }> {
  const server = http2.createSecureServer(
    {
      allowHTTP1: true,
      key: pair.keyPem,
      cert: pair.certificatePem,
      ca: authority.certificatePem,
      requestCert: true,
    },
    handler,
  )
  const sessions = new Set<http2.ServerHttp2Session>()
  let count = 0
  server.on("session", (session) => {
    count++
    sessions.add(session)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const transport = createHttpsTransport({
    server: `https://127.0.0.1:${port}`,
    certificateAuthority: authority.certificatePem,
    clientCertificate: pair.certificatePem,
    clientKey: pair.keyPem,
  })
  const end = () => sessions.forEach((session) => session.destroy())
  closers.push(() => {
    transport.close()
    end()
    server.close()
  })
  return { transport, sessions: () => count, end }
}

function json(response: http2.Http2ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers })
  response.end(JSON.stringify(body))
}

describe("HTTPS transport", () => {
  it("sends a request with its query and body, and freezes the answer", async () => {
    const { transport } = await serve((request, response) => {
      let body = ""
      request.on("data", (chunk: Buffer) => (body += chunk.toString()))
      request.on("end", () =>
        json(response, 201, { url: request.url, body: JSON.parse(body), v: request.httpVersion }),
      )
    })
    const request = {
      method: "POST",
      path: "/api/v1/x",
      query: { fieldManager: "a b" },
      body: { n: 1 },
    } as const
    const answer = await transport.request(request)
    expect(answer).toEqual({
      status: 201,
      body: { url: "/api/v1/x?fieldManager=a+b", body: { n: 1 }, v: "1.1" },
    })
    expect(Object.isFrozen((answer.body as { body: object }).body)).toBe(true)
  })

  it("throws the server's Status", async () => {
    const { transport } = await serve((_, response) =>
      json(response, 404, {
        kind: "Status",
        status: "Failure",
        reason: "NotFound",
        message: "gone",
        code: 404,
      }),
    )
    const request = transport.request({ method: "GET", path: "/x" })
    await expect(request).rejects.toMatchObject({
      name: "StatusError",
      reason: "NotFound",
      code: 404,
      message: "gone",
    })
  })

  it("carries all watches on one HTTP/2 connection, across frames cut anywhere", async () => {
    const { transport, sessions } = await serve((request, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      const text = `${JSON.stringify({ type: "ADDED", object: { url: request.url, text: "grüße" } })}\n`
      const bytes = Buffer.from(text)
      response.write(bytes.subarray(0, bytes.length - 9))
      setTimeout(() => response.end(bytes.subarray(bytes.length - 9)), 5)
    })
    const paths = ["/a", "/b", "/c"]
    const events = await Promise.all(
      paths.map(async (path) => {
        const seen: unknown[] = []
        for await (const event of await transport.watch({ method: "GET", path })) seen.push(event)
        return seen
      }),
    )
    expect(events).toEqual(paths.map((url) => [{ type: "ADDED", object: { url, text: "grüße" } }]))
    expect(sessions()).toBe(1)
  })

  it("throws an ERROR event as what it says", async () => {
    const status = { kind: "Status", reason: "Expired", message: "too old", code: 410 }
    const { transport } = await serve((_, response) => json(response, 200, { type: "ERROR", object: status }))
    const server2 = await serve((_, response) => {
      response.writeHead(200)
      response.end(`${JSON.stringify({ type: "ERROR", object: status })}\n`)
    })
    const iterate = async (events: AsyncIterable<unknown>) => {
      for await (const _ of events) expect.unreachable()
    }
    await expect(iterate(await server2.transport.watch({ method: "GET", path: "/x" }))).rejects.toMatchObject(
      {
        reason: "Expired",
      },
    )
    // Without the newline the frame is unfinished and dropped.
    await iterate(await transport.watch({ method: "GET", path: "/x" }))
  })

  it("connects again after the connection broke", async () => {
    const { transport, sessions, end } = await serve((_, response) => {
      response.writeHead(200)
      response.write('{"type":"ADDED","object":{}}\n')
    })
    const first = (await transport.watch({ method: "GET", path: "/x" }))[Symbol.asyncIterator]()
    await first.next()
    end()
    await first.next().catch(() => {})
    await settle()
    const second = (await transport.watch({ method: "GET", path: "/x" }))[Symbol.asyncIterator]()
    expect((await second.next()).value).toMatchObject({ type: "ADDED" })
    expect(sessions()).toBe(2)
  })

  it("waits as long as a busy server asks, then tries again", async () => {
    let calls = 0
    const { transport } = await serve((_, response) => {
      if (calls++ === 0) json(response, 429, { kind: "Status", code: 429 }, { "retry-after": "1" })
      else json(response, 200, { ok: true })
    })
    const started = Date.now()
    expect((await transport.request({ method: "GET", path: "/x" })).body).toEqual({ ok: true })
    expect(Date.now() - started).toBeGreaterThanOrEqual(990)
  })

  it("says that it could not connect", async () => {
    const transport = createHttpsTransport({ server: "https://127.0.0.1:1" })
    const request = { method: "GET", path: "/x" } as const
    for (const attempt of [() => transport.request(request), () => transport.watch(request)]) {
      const error = await attempt().catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(ConnectionError)
      expect(error).toMatchObject({ code: "ECONNREFUSED" })
    }
  })

  it("ends a watch that is aborted", async () => {
    const { transport } = await serve((_, response) => {
      response.writeHead(200)
      response.write('{"type":"ADDED","object":{}}\n')
    })
    const abort = new AbortController()
    const events = await transport.watch({ method: "GET", path: "/x", signal: abort.signal })
    const iterate = async () => {
      for await (const _ of events) abort.abort()
    }
    await expect(iterate()).rejects.toThrow(/abort/i)
  })
})
