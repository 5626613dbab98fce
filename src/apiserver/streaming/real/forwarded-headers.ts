import type { OutgoingHttpHeaders } from "node:http"
import { webSocketProtocols, withoutTokenProtocol } from "../../authentication/bearer-token.ts"
import { isCredentialHeader } from "../../authentication/headers.ts"
import { headerOf, type ServerRequest } from "../../http/request.ts"

/** Headers that are about one connection and end with it (RFC 9110, 7.6.1). */
export const connectionHeaders: ReadonlySet<string> = new Set([
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

/** The request's headers as the backend gets them: without what is about this connection, or proves an identity here. */
export function forwardedHeaders(
  request: ServerRequest,
  options: { readonly keepUpgrade?: boolean } = {},
): OutgoingHttpHeaders {
  const { headers, remoteAddress } = request
  const named = new Set(
    headerOf(headers, "connection")
      .toLowerCase()
      .split(/\s*,\s*/),
  )
  const forwarded: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    // HTTP/2's own fields start with a colon.
    if (value === undefined || name.startsWith(":") || name === "host" || isCredentialHeader(name)) continue
    if (connectionHeaders.has(name) || named.has(name)) continue
    forwarded[name] = typeof value === "string" ? value : [...value]
  }
  if (remoteAddress) {
    const before = headerOf(headers, "x-forwarded-for")
    forwarded["x-forwarded-for"] = before ? `${before}, ${remoteAddress}` : remoteAddress
  }
  if (!options.keepUpgrade) return forwarded
  const protocols = withoutTokenProtocol(webSocketProtocols(headers))
  return {
    ...forwarded,
    connection: "Upgrade",
    upgrade: headerOf(headers, "upgrade"),
    ...(protocols.length > 0 && { "sec-websocket-protocol": protocols.join(", ") }),
  }
}
