import { type AuthenticationInput, CredentialError } from "./authenticator.ts"
import { firstHeader, headerLines } from "./headers.ts"

/** The token of `Authorization: Bearer TOKEN`, or of a browser's WebSocket, which cannot send that header. */
export function findBearerToken(headers: AuthenticationInput["headers"]): string | undefined {
  return findAuthorizationToken(headers) ?? findProtocolToken(headers)
}

function findAuthorizationToken(headers: AuthenticationInput["headers"]): string | undefined {
  const [scheme = "", token = ""] = firstHeader(headers, "authorization").trim().split(" ")
  // Two spaces before the token leave it empty: upstream ignores such a header, and the request becomes anonymous.
  return scheme.toLowerCase() === "bearer" && token !== "" ? token : undefined
}

const protocolPrefix = "base64url.bearer.authorization.k8s.io."

function findProtocolToken(headers: AuthenticationInput["headers"]): string | undefined {
  if (firstHeader(headers, "upgrade").toLowerCase() !== "websocket") return undefined
  const protocols = webSocketProtocols(headers)
  const encoded = protocols.filter((protocol) => protocol.startsWith(protocolPrefix))
  if (encoded.length === 0) return undefined
  if (encoded.length > 1) throw new CredentialError("multiple base64.bearer.authorization tokens specified")
  // The server must choose a subprotocol to answer with, and it will not choose the one that holds a secret.
  if (protocols.length === 1) throw new CredentialError("missing additional subprotocol")
  return decodeToken(encoded[0]!.slice(protocolPrefix.length)) || undefined
}

/** The subprotocols a client offers, in its order. */
export function webSocketProtocols(headers: AuthenticationInput["headers"]): string[] {
  return headerLines(headers, "sec-websocket-protocol")
    .flatMap((line) => line.split(","))
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "")
}

/** Those among them that are not a bearer token: the ones to choose from, and to pass on when proxying. */
export function withoutTokenProtocol(protocols: readonly string[]): string[] {
  return protocols.filter((protocol) => !protocol.startsWith(protocolPrefix))
}

function decodeToken(encoded: string): string {
  if (!/^[\w-]*$/.test(encoded))
    throw new CredentialError("invalid base64.bearer.authorization token encoding")
  return atob(encoded.replaceAll("-", "+").replaceAll("_", "/"))
}
