import type { RawWatchEvent } from "../../client/transport.ts"

/** What a handler gives back. Bodies are lazy: an in-process caller takes the object, a socket takes the bytes. */
export interface ServerResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Record<string, string | string[]>
  readonly body: ResponseBody
}

export type ResponseBody =
  | { readonly kind: "empty" }
  | ObjectBody
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** As they come: logs, proxied answers. */
  | { readonly kind: "stream"; readonly chunks: AsyncIterable<Uint8Array> }
  | WatchBody
  /** The handler has taken over the connection (exec, attach, port-forward, proxy). */
  | { readonly kind: "upgraded" }

export interface ObjectBody {
  readonly kind: "object"
  /** The frozen object. */
  value(): unknown
  /** Its encoding in the negotiated format, in pieces to be sent one after the other. */
  encode(): Iterable<Uint8Array>
}

/** Batches are what was waiting at the time: a socket writes each with one call. */
export interface WatchBody {
  readonly kind: "watch"
  readonly batches: AsyncIterable<readonly WatchFrame[]>
}

/** One event; decoded or encoded on demand, and only once for all who watch the same thing. */
export interface WatchFrame {
  /** `ERROR` carries a Status. */
  readonly type: RawWatchEvent["type"] | "ERROR"
  object(): unknown
  /** The frame in the negotiated format, framing included. */
  encode(): Uint8Array
}

export const empty: ResponseBody = { kind: "empty" }

const encoder = new TextEncoder()

/** "404 page not found" and the like. */
export function textResponse(
  status: number,
  text: string,
  headers: Record<string, string> = {},
): ServerResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", ...headers },
    body: { kind: "bytes", bytes: encoder.encode(text) },
  }
}
