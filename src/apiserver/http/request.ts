import type { UserInfo } from "../authentication/authenticator.ts"

/**
 * A request as the server sees it, whatever road it came by: a socket, or a function call from a component of the same
 * process. Nothing here knows of sockets, so the same server runs in a test and in a browser tab.
 */
export interface ServerRequest {
  readonly method: string
  /** Percent-encoded as sent, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** The query as it was sent, for passing it on. @default `query` in its usual form */
  readonly rawQuery?: string
  /** Names in lower case. */
  readonly headers: Headers
  readonly body: RequestBody
  /** Already known to the caller (in-process); otherwise the authenticators find out. */
  readonly user?: UserInfo
  /** What the peer sent in the TLS handshake, leaf first, DER; the same array for every request of a connection. */
  readonly peerCertificates?: readonly Uint8Array[]
  /** "10.0.0.1", for logs and audit. */
  readonly remoteAddress?: string
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
  /** The raw connection of a request that asked for `Connection: Upgrade` (or an HTTP/2 extended CONNECT). */
  readonly upgrade?: unknown
}

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export type RequestBody =
  | { readonly kind: "none" }
  /** Handed over by a component of the same process; frozen or no longer changed by it. */
  | { readonly kind: "object"; readonly value: unknown }
  | {
      readonly kind: "bytes"
      /** Reads all of it; throws StatusError RequestEntityTooLarge beyond `limitBytes`. Once. */
      read(limitBytes: number): Promise<Uint8Array>
      /** As it comes, for passing it on. In the place of `read`. */
      stream?(): AsyncIterable<Uint8Array>
    }

/** Of callers that cannot go away. Nobody needs to listen to it. */
export const neverAborts: AbortSignal = new AbortController().signal

export const noBody: RequestBody = { kind: "none" }

/** The header's value; several of one name joined as HTTP allows. */
export function headerOf(headers: Headers, name: string): string {
  const value = headers[name]
  if (value === undefined) return ""
  return typeof value === "string" ? value : value.join(", ")
}
