import { type Clock, sleep } from "../../base/clock.ts"
import { realClock } from "../../base/real/clock.ts"
import { type Status, StatusError, type StatusReason } from "../../apimachinery/status-error.ts"
import { deepFreeze } from "../deep-freeze.ts"
import type { ApiRequest, ApiResponse, RawWatchEvent, Transport } from "../transport.ts"
import { decodeWatchFrames } from "../watch-frames.ts"
import { type Connection, identityHeaders } from "./connection.ts"
import { Http1, type WireRequest, type WireResponse } from "./http1.ts"
import { Http2 } from "./http2.ts"

export interface HttpsTransport extends Transport {
  /** Goes on as who this connection says: certificates are replaced before they end. Watches end, as if disconnected. */
  renew(connection: Connection): void
  /** Closes idle connections and ends every watch. */
  close(): void
}

/** How often a request is sent again when the server asks for patience (429 or 5xx with Retry-After). As client-go. */
const maxRetries = 10

/** The API server's own limit for a request. */
const requestMs = 60_000

/** The road to a server behind a socket: plain requests over HTTP/1.1, watches together over HTTP/2 where it is spoken. */
export function createHttpsTransport(
  initial: Connection,
  options: { readonly clock?: Clock } = {},
): HttpsTransport {
  const clock = options.clock ?? realClock
  const base = new URL(initial.server)
  let connection = initial
  let http1 = new Http1(connection)
  let http2: Http2 | undefined = base.protocol === "https:" ? new Http2(connection, clock) : undefined
  const prefix = base.pathname.replace(/\/$/, "")

  async function encode(request: ApiRequest): Promise<WireRequest> {
    const query = request.query && new URLSearchParams(request.query).toString()
    const body = encodeBody(request.body)
    return {
      method: request.method,
      path: `${prefix}${request.path}${query ? `?${query}` : ""}`,
      headers: {
        accept: "application/json",
        ...(body && { "content-type": "application/json" }),
        ...(await identityHeaders(connection)),
        ...request.headers,
      },
      ...(body && { body }),
      ...(request.signal && { signal: request.signal }),
    }
  }

  async function send(request: WireRequest, viaHttp2 = false): Promise<WireResponse> {
    for (let tries = 0; ; tries++) {
      const response = await sendOnce(request, viaHttp2)
      if (response.status < 300) return response
      const error = await decodeFailure(response, request)
      const retryAfterSeconds = Number(response.headers["retry-after"])
      const patience = (error.code === 429 || error.code >= 500) && retryAfterSeconds > 0
      if (!patience || tries >= maxRetries || request.signal?.aborted) throw error
      await sleep(clock, retryAfterSeconds * 1000, request.signal)
    }
  }

  async function sendOnce(request: WireRequest, viaHttp2: boolean): Promise<WireResponse> {
    const response = viaHttp2 ? await http2?.send(request) : undefined
    if (response) return response
    if (viaHttp2) http2 = undefined
    return http1.send(request)
  }

  return {
    async request(request: ApiRequest): Promise<ApiResponse> {
      const response = await send(await encode(request))
      const text = await readText(response.body)
      const isJson = response.headers["content-type"]?.startsWith("application/json")
      return { status: response.status, body: isJson ? deepFreeze(JSON.parse(text)) : text }
    },

    async watch(request: ApiRequest): Promise<AsyncIterable<RawWatchEvent>> {
      const response = await send(await encode(request), true)
      return decodeWatchFrames(response.body)
    },

    async stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>> {
      const wire = await encode(request)
      return (await send({ ...wire, headers: { ...wire.headers, accept: "*/*", ...request.headers } })).body
    },

    renew(next) {
      const old = http1
      // Requests under way get the time that they may take.
      clock.after(requestMs, () => old.close())
      http2?.close()
      connection = next
      http1 = new Http1(next)
      if (http2) http2 = new Http2(next, clock)
    },

    close() {
      http1.close()
      http2?.close()
    },
  }
}

function encodeBody(body: unknown): Uint8Array | undefined {
  if (body === undefined) return undefined
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

const reasons: Readonly<Record<number, StatusReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
}

/** What the server said; something between us and it (a proxy) may have answered in words of its own. */
async function decodeFailure(response: WireResponse, request: WireRequest): Promise<StatusError> {
  const text = await readText(response.body)
  try {
    const body = JSON.parse(text) as Partial<Status>
    if (body.kind === "Status") return StatusError.fromStatus({ code: response.status, ...body } as Status)
  } catch {
    // Not JSON: told as text below.
  }
  const reason = reasons[response.status] ?? "Unknown"
  const message = text.trim() || `the server answered ${response.status} to ${request.method} ${request.path}`
  return new StatusError(reason, message, { code: response.status })
}
