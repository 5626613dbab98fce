import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http"
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2"
import type { Duplex } from "node:stream"
import type { Logger } from "../../base/log.ts"
import { integer, type Random } from "../../base/random.ts"
import type { IngressEndpoint } from "../routing/find-endpoints.ts"
import { type Caller, requestHeaders, withoutConnection } from "./forwarded-headers.ts"

export type AnyRequest = IncomingMessage | Http2ServerRequest
export type AnyResponse = ServerResponse | Http2ServerResponse

/** Where a request goes: endpoints, or an answer of our own. */
export type Destination =
  | { readonly to: "endpoints"; readonly endpoints: readonly IngressEndpoint[] }
  | { readonly to: "nowhere"; readonly code: 404 | 503; readonly text: string }

/** Endpoints tried for one request: the first may be on its way out. */
const mostTries = 3
const connectTimeoutMs = 5000

/** Passes requests on to endpoints, bodies as they come in both directions. */
export class ReverseProxy {
  readonly #findDestination: (host: string, path: string) => Destination
  readonly #random: Random
  readonly #log: Logger
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 64 })

  constructor(options: {
    findDestination: (host: string, path: string) => Destination
    random: Random
    log: Logger
  }) {
    this.#findDestination = options.findDestination
    this.#random = options.random
    this.#log = options.log
  }

  handle(request: AnyRequest, response: AnyResponse): void {
    const caller = callerOf(request)
    const destination = this.#findDestination(hostName(caller.host), pathOf(request))
    if (destination.to === "nowhere") return answer(response, destination.code, destination.text)
    this.#tryNext(request, response, caller, this.#shuffled(destination.endpoints))
  }

  /** WebSocket and its like: after the backend agrees, bytes in both directions. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const caller = callerOf(request)
    const destination = this.#findDestination(hostName(caller.host), pathOf(request))
    socket.on("error", () => socket.destroy())
    if (destination.to === "nowhere")
      return void socket.end(`HTTP/1.1 ${destination.code} ${destination.text}\r\nContent-Length: 0\r\n\r\n`)
    this.#tryNextUpgrade(request, { socket, head }, caller, this.#shuffled(destination.endpoints))
  }

  close(): void {
    this.#agent.destroy()
  }

  /**
   * An endpoint that cannot be connected to costs the client nothing but time: the body is sent only once there is a
   * connection, so until then the request can go to another.
   */
  #tryNext(
    request: AnyRequest,
    response: AnyResponse,
    caller: Caller,
    endpoints: readonly IngressEndpoint[],
  ): void {
    const [endpoint, ...others] = endpoints
    if (!endpoint) return answer(response, 502, "Bad Gateway")
    const repeatable = isRepeatable(request)
    const upstream = httpRequest({
      ...endpoint,
      // A connection that was idle may be closed by the other side just now: only what can be repeated takes that risk.
      agent: repeatable ? this.#agent : false,
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: requestHeaders(request.headers, caller),
    })
    /** From here on another endpoint cannot be asked instead. */
    let committed = false
    whenConnected(upstream, () => {
      committed = !repeatable
      if (repeatable) upstream.end()
      else request.pipe(upstream)
    })
    upstream.on("response", (answered) => {
      committed = true
      relay(answered, response)
    })
    upstream.on("error", (error) => {
      this.#log.debug("endpoint failed", { endpoint: `${endpoint.host}:${endpoint.port}`, error })
      if (response.headersSent) response.destroy()
      else if (committed) answer(response, 502, "Bad Gateway")
      else this.#tryNext(request, response, caller, others)
    })
    response.on("close", () => upstream.destroy())
  }

  /** Until there is a connection, the next endpoint can be asked instead. */
  #tryNextUpgrade(
    request: IncomingMessage,
    client: { readonly socket: Duplex; readonly head: Buffer },
    caller: Caller,
    endpoints: readonly IngressEndpoint[],
  ): void {
    const { socket, head } = client
    const [endpoint, ...others] = endpoints
    if (!endpoint) return void socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    const headers = requestHeaders(request.headers, caller)
    const upstream = httpRequest({
      ...endpoint,
      agent: false,
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: { ...headers, connection: "Upgrade", upgrade: request.headers.upgrade },
    })
    let connected = false
    whenConnected(upstream, () => {
      connected = true
    })
    upstream.on("upgrade", (response, upstreamSocket, upstreamHead) => {
      upstreamSocket.on("error", () => socket.destroy())
      socket.on("close", () => upstreamSocket.destroy())
      socket.write(rawHead(response))
      socket.write(upstreamHead)
      upstreamSocket.write(head)
      upstreamSocket.pipe(socket)
      socket.pipe(upstreamSocket)
    })
    upstream.on("response", (response) => {
      socket.write(rawHead(response))
      response.pipe(socket)
    })
    upstream.on("error", (error) => {
      this.#log.debug("endpoint failed", { endpoint: `${endpoint.host}:${endpoint.port}`, error })
      this.#tryNextUpgrade(request, client, caller, connected ? [] : others)
    })
    upstream.end()
  }

  #shuffled(endpoints: readonly IngressEndpoint[]): IngressEndpoint[] {
    const start = integer(this.#random, endpoints.length)
    return [...endpoints.slice(start), ...endpoints.slice(0, start)].slice(0, mostTries)
  }
}

/** An endpoint that cannot be connected to in time is given up. */
function whenConnected(upstream: ClientRequest, connected: () => void): void {
  upstream.on("socket", (socket) => {
    const proceed = () => {
      socket.setTimeout(0)
      connected()
    }
    // One that was idle is connected already.
    if (!socket.connecting) return proceed()
    socket.setTimeout(connectTimeoutMs, () => upstream.destroy(new Error("no connection in time")))
    return socket.once("connect", proceed)
  })
}

function relay(answered: IncomingMessage, response: AnyResponse): void {
  response.writeHead(answered.statusCode ?? 502, withoutConnection(answered.headers))
  // Some programs wait for the head of a stream whose first byte is far away.
  if ("flushHeaders" in response) response.flushHeaders()
  answered.on("error", () => response.destroy())
  answered.pipe(response as NodeJS.WritableStream as ServerResponse)
}

/** Asking twice does no harm, and there is no body that would be gone after the first time. */
function isRepeatable({ headers, method = "GET" }: AnyRequest): boolean {
  const hasBody = headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"
  return !hasBody && ["GET", "HEAD", "OPTIONS"].includes(method)
}

function answer(response: AnyResponse, code: number, text: string): void {
  if (response.headersSent) return
  response.writeHead(code, { "content-type": "text/plain; charset=utf-8" })
  response.end(`${text}\n`)
}

function callerOf(request: AnyRequest): Caller {
  const authority = request.headers[":authority"]
  return {
    address: (request.socket.remoteAddress ?? "").replace("::ffff:", ""),
    host: (typeof authority === "string" ? authority : request.headers.host) ?? "",
    encrypted: "encrypted" in request.socket,
  }
}

/** "www.example.com" of "WWW.example.com:8080". */
function hostName(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase()
}

function pathOf({ url = "/" }: AnyRequest): string {
  const query = url.indexOf("?")
  return query < 0 ? url : url.slice(0, query)
}

function rawHead({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`]
  for (let index = 0; index < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  return `${lines.join("\r\n")}\r\n\r\n`
}
