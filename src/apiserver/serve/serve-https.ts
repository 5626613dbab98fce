import type { IncomingMessage, ServerResponse as NodeResponse } from "node:http"
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2"
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2"
import type { AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { internalError } from "../../apimachinery/status-errors.ts"
import type { Clock } from "../../base/clock.ts"
import { maxHeaderBytes } from "../../base/real/max-header-bytes.ts"
import type { Logger } from "../../base/log.ts"
import type { ServerRequest } from "../http/request.ts"
import type { ServerResponse } from "../http/response.ts"
import {
  type IncomingUpgrade,
  isWebSocketUpgrade,
  refuseUpgrade,
} from "../../base/real/http-upgrade/incoming-upgrade.ts"
import { cipherList } from "./cipher-suites.ts"
import { endSlowConnections } from "./end-slow-connections.ts"
import { toServerRequest } from "./to-server-request.ts"
import { sendStreamOverWebSocket } from "./stream-web-socket.ts"
import { sendWatchOverWebSocket } from "./watch-web-socket.ts"
import { writeResponse } from "./write-response.ts"

export interface KeyPairPem {
  readonly certificate: string
  readonly key: string
}

export interface ServeOptions {
  /** Told of each client that did not come through. */
  readonly handshakeFailed?: () => void
  /** "127.0.0.1" */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly serving: KeyPairPem
  /** Authorities whose client certificates browsers and kubectl are asked for, PEM. */
  readonly clientAuthorities: string
  /** @default "TLSv1.2" */
  readonly minTlsVersion?: "TLSv1.2" | "TLSv1.3"
  /** As OpenSSL wants them told; see cipher-suites.ts. @default the safe ones */
  readonly ciphers?: string
  readonly clock: Clock
  readonly log: Logger
}

/** A server that listens. */
export interface Listening {
  readonly address: string
  readonly port: number
  /** From now on new connections are shown this certificate. */
  renew(serving: KeyPairPem): void
  /** Takes no new requests, lets those under way end, and after `graceMs` ends what is left. */
  close(graceMs: number): Promise<void>
}

type Handle = (request: ServerRequest) => Promise<ServerResponse>
export type AnyRequest = IncomingMessage | Http2ServerRequest
export type AnyResponse = NodeResponse | Http2ServerResponse

// So that many watches of one client share a connection without waiting for each other.
const maxConcurrentStreams = 1000
const handshakeMs = 32_000
// A gone client is noticed in about this time, or its watches would be kept for ever.
const keepAliveMs = 30_000

/**
 * Puts a server on a port: HTTP/2 and HTTP/1.1 side by side, as the client chooses (ALPN). Client certificates are asked
 * for and never demanded: who the client is, the authenticators say.
 */
export async function serveHttps(handle: Handle, options: ServeOptions): Promise<Listening> {
  const { serving, clientAuthorities, log } = options
  // All of it counts anew with each renewal: what is left out then goes back to what Node.js thinks best.
  const secureContext = ({ certificate, key }: KeyPairPem) => ({
    cert: certificate,
    key,
    ca: clientAuthorities,
    minVersion: options.minTlsVersion ?? "TLSv1.2",
    ciphers: options.ciphers ?? cipherList(),
  })
  const server = createSecureServer({
    ...secureContext(serving),
    allowHTTP1: true,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
    settings: { maxConcurrentStreams },
  })
  // Not among the options of a server of both protocols, but what its HTTP/1.1 goes by.
  Object.assign(server, { maxHeaderSize: maxHeaderBytes })
  endSlowConnections(server, options.clock)
  const connections = new Connections(server)
  server.on("request", (request: AnyRequest, response: AnyResponse) => {
    void answer(handle, request, response, log)
  })
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void answerUpgrade(handle, { request, socket, head }, log)
  })
  server.on("tlsClientError", (error: Error) => {
    options.handshakeFailed?.()
    log.debug("TLS handshake failed", { error: error.message })
  })
  server.on("sessionError", (error: Error) => log.debug("HTTP/2 connection failed", { error: error.message }))
  await listen(server, options)
  const { address, port } = server.address() as AddressInfo
  return {
    address,
    port,
    renew: (pair) => server.setSecureContext(secureContext(pair)),
    close: (graceMs) => connections.close(options.clock, graceMs),
  }
}

function listen(server: Http2SecureServer, { host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ host, port }, () => {
      server.off("error", reject)
      resolve()
    })
  })
}

async function answer(
  handle: Handle,
  request: AnyRequest,
  response: AnyResponse,
  log: Logger,
): Promise<void> {
  const gone = new AbortController()
  let isAnswered = false
  response.on("close", () => {
    if (!isAnswered) gone.abort(new Error("the client has gone"))
  })
  // Unhandled, an error of a connection would end the process.
  request.on("error", () => {})
  response.on("error", () => {})
  try {
    await writeResponse(await handle(toServerRequest(request, gone.signal)), request, response)
    isAnswered = true
  } catch (error) {
    if (gone.signal.aborted) return
    log.warn("answering failed", { path: request.url ?? "", error: String(error) })
    // What could not be read from the store is found out only when it is to be encoded.
    if (response.headersSent) response.destroy()
    else answerFailure(response, error)
  }
}

function answerFailure(response: AnyResponse, error: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(internalError(error).toStatus())}\n`)
  response.writeHead(500, { "content-type": "application/json", "content-length": bytes.length })
  ;(response as { end(bytes: Uint8Array): void }).end(bytes)
}

/** A connection that is to become something else: the handler takes it over, or answers as usual. */
async function answerUpgrade(handle: Handle, upgrade: IncomingUpgrade, log: Logger): Promise<void> {
  const { request, socket } = upgrade
  const gone = new AbortController()
  socket.on("close", () => gone.abort(new Error("the client has gone")))
  socket.on("error", () => {})
  try {
    const answered = await handle({ ...toServerRequest(request, gone.signal), upgrade })
    const { body, headers } = answered
    if (body.kind === "upgraded") return
    if (body.kind === "watch" && isWebSocketUpgrade(upgrade)) {
      const isText = !String(headers["content-type"]).includes("protobuf")
      await sendWatchOverWebSocket(upgrade, body, isText)
    } else if (body.kind === "stream" && answered.status === 200 && isWebSocketUpgrade(upgrade))
      await sendStreamOverWebSocket(upgrade, body.chunks)
    else refuse(upgrade, answered)
  } catch (error) {
    if (!gone.signal.aborted) log.warn("upgrading failed", { path: request.url ?? "", error: String(error) })
    socket.destroy()
  }
}

/** Once a connection has asked for an upgrade, Node.js answers no more for us: other answers are written by hand. */
function refuse(upgrade: IncomingUpgrade, { status, headers, body }: ServerResponse): void {
  const pieces = body.kind === "object" ? [...body.encode()] : body.kind === "bytes" ? [body.bytes] : []
  const raw = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).flatMap((each) => [name, each]),
  )
  refuseUpgrade(upgrade, status, Buffer.concat(pieces), raw)
}

/** What is open, so that it can be closed. */
class Connections {
  readonly #server: Http2SecureServer
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Set<ServerHttp2Session>()

  constructor(server: Http2SecureServer) {
    this.#server = server
    server.on("secureConnection", (socket) => {
      socket.setKeepAlive(true, keepAliveMs)
      socket.setNoDelay(true)
      socket.on("error", () => {})
      this.#sockets.add(socket)
      socket.on("close", () => this.#sockets.delete(socket))
    })
    server.on("session", (session) => {
      this.#sessions.add(session)
      session.on("close", () => this.#sessions.delete(session))
    })
  }

  async close(clock: Clock, graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    // HTTP/2 says goodbye and finishes its streams; HTTP/1.1 connections end after the answer that is under way.
    for (const session of this.#sessions) session.close()
    const timer = clock.after(graceMs, () => {
      for (const socket of this.#sockets) socket.destroy()
    })
    if (graceMs <= 0) for (const socket of this.#sockets) socket.destroy()
    await closed
    timer.cancel()
  }
}
