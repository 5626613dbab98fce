import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type Server,
} from "node:http"
import { connect as connectHttp2 } from "node:http2"
import { request as httpsRequest } from "node:https"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import type { TLSSocket } from "node:tls"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import { Secret } from "../api/core/v1/secret.ts"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { Ingress } from "../api/networking/v1/ingress.ts"
import { IngressClass } from "../api/networking/v1/ingress-class.ts"
import { putUnchecked, startTestServer, type TestServer } from "../apiserver/testing.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { signCertificate } from "../base/real/x509/certificate.ts"
import { generateKey, privateKeyPem, publicKeyInfo } from "../base/real/x509/keys.ts"
import { encodePem } from "../base/real/x509/pem.ts"
import { createInformers, type Informers } from "../client/informers.ts"
import { createIngressController, type IngressController } from "./create-ingress-controller.ts"
import { defaultIngressClass } from "./ingress-class-object.ts"

/** Loopback addresses stand for pods: all of 127.0.0.0/8 is this machine. */
const podAddresses = ["127.2.0.1", "127.2.0.2"]
const deadAddress = "127.2.0.99"

interface Reply {
  readonly code: number
  readonly body: string
  readonly headers: IncomingMessage["headers"]
  readonly certificateName?: string | string[] | undefined
}

describe("ingress controller", () => {
  let api: TestServer
  let informers: Informers
  let controller: IngressController
  let ports: { httpPort: number; httpsPort: number }
  let backendPort = 0
  let running: Promise<void>
  const backends: Server[] = []
  const stop = new AbortController()

  function ask(
    host: string,
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string; secure?: boolean } = {},
  ): Promise<Reply> {
    const { body, secure = false, ...rest } = options
    return new Promise((resolve, reject) => {
      const send = secure ? httpsRequest : httpRequest
      const request = send(
        {
          host: "127.0.0.1",
          port: secure ? ports.httpsPort : ports.httpPort,
          path,
          agent: false,
          rejectUnauthorized: false,
          servername: host,
          ...rest,
          headers: { host, ...rest.headers },
        } as RequestOptions,
        (response) => {
          const certificateName = secure
            ? (response.socket as TLSSocket).getPeerCertificate().subject.CN
            : undefined
          let text = ""
          response.on("data", (data) => (text += String(data)))
          response.on("end", () =>
            resolve({
              code: response.statusCode ?? 0,
              body: text,
              headers: response.headers,
              certificateName,
            }),
          )
        },
      )
      request.on("error", reject)
      request.end(body)
    })
  }

  async function setEndpoints(addresses: readonly string[]): Promise<void> {
    const slice = await api.client.get(EndpointSlice, { namespace: "default", name: "web-1" })
    const resourceVersion = await putUnchecked(api, EndpointSlice, {
      ...slice,
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    })
    await informers.reached(EndpointSlice, resourceVersion)
  }

  async function startBackends(): Promise<void> {
    for (const [index, address] of podAddresses.entries()) {
      const server = createServer((request, response) => {
        let body = ""
        request.on("data", (data) => (body += String(data)))
        request.on("end", () => {
          response.setHeader("x-backend", String(index))
          response.end(
            JSON.stringify({ path: request.url, method: request.method, headers: request.headers, body }),
          )
        })
      })
      new WebSocketServer({ server }).on("connection", (socket) =>
        socket.on("message", (data) => socket.send(`echo ${(data as Buffer).toString()}`)),
      )
      server.listen(backendPort, address)
      await once(server, "listening")
      backendPort = (server.address() as AddressInfo).port
      backends.push(server)
    }
  }

  async function fillCluster(): Promise<void> {
    const { client } = api
    await client.create(IngressClass, defaultIngressClass())
    await client.create(Service, {
      metadata: { namespace: "default", name: "web" },
      spec: { ports: [{ name: "http", port: 80 }] },
    })
    await putUnchecked(api, EndpointSlice, {
      metadata: { namespace: "default", name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: podAddresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports: [{ name: "http", port: backendPort, protocol: "TCP" }],
    })
    const key = generateKey()
    const certificate = signCertificate(
      {
        subject: { commonName: "secure.example.com" },
        keyUsage: ["digital signature"],
        notBefore: Date.now() - 1000,
        notAfter: Date.now() + 3600_000,
        serialNumber: Uint8Array.of(1),
        publicKey: publicKeyInfo(key),
      },
      { key },
    )
    const base64 = (text: string) => Buffer.from(text).toString("base64")
    await client.create(Secret, {
      metadata: { namespace: "default", name: "certificate" },
      type: "kubernetes.io/tls",
      data: {
        "tls.crt": base64(encodePem("CERTIFICATE", certificate)),
        "tls.key": base64(privateKeyPem(key)),
      },
    })
    const backend = { service: { name: "web", port: { name: "http" } } }
    await client.create(Ingress, {
      metadata: { namespace: "default", name: "web" },
      spec: {
        ingressClassName: "coracle",
        tls: [{ hosts: ["secure.example.com"], secretName: "certificate" }],
        rules: [
          { host: "www.example.com", http: { paths: [{ path: "/app", pathType: "Prefix", backend }] } },
          { host: "secure.example.com", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } },
          {
            host: "broken.example.com",
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: "nobody", port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    })
  }

  beforeAll(async () => {
    api = await startTestServer()
    await startBackends()
    await fillCluster()
    informers = createInformers({
      client: api.client,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    controller = createIngressController({
      informers,
      client: api.client,
      address: "127.0.0.1",
      httpPort: 0,
      httpsPort: 0,
      publicAddresses: ["192.0.2.1"],
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    ports = await controller.listen()
    running = controller.run(stop.signal)
    informers.start(stop.signal)
    await controller.ready
  })

  afterAll(async () => {
    stop.abort()
    await running
    for (const server of backends) {
      server.closeAllConnections()
      server.close()
    }
    await api.stop()
  })

  it("routes by host and path to all endpoints, and says what it is for", async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask("www.example.com", "/app/x?y=1")))
    expect(new Set(replies.map(({ headers }) => headers["x-backend"])).size).toBe(2)
    expect(JSON.parse(replies[0]!.body)).toMatchObject({
      path: "/app/x?y=1",
      headers: { host: "www.example.com", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http" },
    })
    expect(await ask("www.example.com", "/other")).toMatchObject({ code: 404 })
    expect(await ask("unknown.example.com", "/")).toMatchObject({ code: 404 })
    expect(await ask("broken.example.com", "/")).toMatchObject({ code: 503 })
    expect(
      (await api.client.get(Ingress, { namespace: "default", name: "web" })).status.loadBalancer.ingress,
    ).toEqual([{ ip: "192.0.2.1" }])
  })

  it("does not let clients say who they are, nor pass on what is between two neighbours", async () => {
    const { body } = await ask("www.example.com", "/app", {
      headers: {
        "x-forwarded-for": "10.0.0.1",
        "x-real-ip": "10.0.0.1",
        connection: "close, x-secret",
        "x-secret": "1",
      },
    })
    const { headers } = JSON.parse(body) as { headers: Record<string, string> }
    expect(headers).toMatchObject({ "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1" })
    expect(headers).not.toHaveProperty("x-secret")
  })

  it("passes bodies on as they come, also of any length", async () => {
    const big = "x".repeat(3_000_000)
    const { body } = await ask("www.example.com", "/app", { method: "POST", body: big })
    expect((JSON.parse(body) as { body: string }).body).toHaveLength(big.length)
  })

  it("asks another endpoint when one cannot be reached, without the client's noticing", async () => {
    await setEndpoints([deadAddress, podAddresses[0]!])
    for (let round = 0; round < 10; round++) {
      expect(await ask("www.example.com", "/app")).toMatchObject({ code: 200 })
      expect(await ask("www.example.com", "/app", { method: "POST", body: "once" })).toMatchObject({
        code: 200,
      })
    }
    await setEndpoints([deadAddress])
    expect(await ask("www.example.com", "/app")).toMatchObject({ code: 502 })
    await setEndpoints([])
    expect(await ask("www.example.com", "/app")).toMatchObject({ code: 503 })
    await setEndpoints(podAddresses)
  })

  it("shows the certificate of the name that is asked for, its own for others", async () => {
    const secure = await ask("secure.example.com", "/", { secure: true })
    expect(secure).toMatchObject({ code: 200, certificateName: "secure.example.com" })
    expect(JSON.parse(secure.body)).toMatchObject({ headers: { "x-forwarded-proto": "https" } })
    expect(await ask("www.example.com", "/app", { secure: true })).toMatchObject({
      code: 200,
      certificateName: "Coracle Ingress Default Certificate",
    })
  })

  it("speaks HTTP/2", async () => {
    const session = connectHttp2(`https://127.0.0.1:${ports.httpsPort}`, {
      rejectUnauthorized: false,
      servername: "secure.example.com",
    })
    const stream = session.request({ ":path": "/two", ":authority": "secure.example.com" })
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>]
    let body = ""
    for await (const chunk of stream) body += String(chunk)
    expect(headers[":status"]).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ path: "/two", headers: { host: "secure.example.com" } })
    session.close()
  })

  it("lets WebSockets through", async () => {
    for (const url of [`ws://127.0.0.1:${ports.httpPort}/app`, `wss://127.0.0.1:${ports.httpsPort}/app`]) {
      const socket = new WebSocket(url, { headers: { host: "www.example.com" }, rejectUnauthorized: false })
      await once(socket, "open")
      socket.send("hello")
      expect(String((await once(socket, "message"))[0])).toBe("echo hello")
      socket.close()
      await once(socket, "close")
    }
  })

  it("follows Ingresses that come and go", async () => {
    const created = await api.client.create(Ingress, {
      metadata: { namespace: "default", name: "new" },
      spec: {
        ingressClassName: "coracle",
        rules: [
          {
            host: "new.example.com",
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: "web", port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    })
    await informers.reached(Ingress, created.metadata.resourceVersion)
    await controller.settled()
    expect(await ask("new.example.com", "/")).toMatchObject({ code: 200 })
    await api.client.delete(Ingress, { namespace: "default", name: "new" })
    await expect.poll(() => ask("new.example.com", "/").then(({ code }) => code)).toBe(404)
  })
})
