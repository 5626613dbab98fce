import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http"

/** Headers that speak of one connection alone (RFC 9110 7.6.1), and what HTTP/2 has instead. */
const ofOneConnection = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
])

export interface Caller {
  readonly address: string
  readonly host: string
  readonly encrypted: boolean
}

/**
 * The headers of a request as the backend gets it. What it says of its client is what we saw: a client cannot pretend to
 * be another by headers of its own.
 */
export function requestHeaders(headers: IncomingHttpHeaders, caller: Caller): OutgoingHttpHeaders {
  return {
    ...withoutConnection(headers),
    host: caller.host,
    "x-forwarded-for": caller.address,
    "x-real-ip": caller.address,
    "x-forwarded-host": caller.host,
    "x-forwarded-proto": caller.encrypted ? "https" : "http",
    "x-forwarded-port": caller.encrypted ? "443" : "80",
  }
}

/** Without those that speak of the connection, and those that `Connection` names. */
export function withoutConnection(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase()))
  const kept: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers))
    if (!name.startsWith(":") && !ofOneConnection.has(name) && !named.has(name)) kept[name] = value
  return kept
}
