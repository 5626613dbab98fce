import { type IncomingMessage, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"

/** A request with `Connection: Upgrade`, as an HTTP server's "upgrade" event hands it over. Not answered yet. */
export interface IncomingUpgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What of the new protocol came along with the request. */
  readonly head: Buffer
}

/** Names and values in turn, in order, as they are to be sent. */
export type RawHeaders = readonly string[]

/** Whether the client wants a WebSocket; anything else is SPDY or unknown. */
export function isWebSocketUpgrade({ request }: IncomingUpgrade): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket"
}

/** Answers 101 and gives the connection, on which the new protocol begins. */
export function acceptUpgrade({ socket, head }: IncomingUpgrade, headers: RawHeaders): Duplex {
  socket.write(encodeHead(101, headers))
  if (head.length > 0) socket.unshift(head)
  return withHalves(socket)
}

/** A peer that has said all it wants to say may still listen. */
export function withHalves(socket: Duplex): Duplex {
  socket.allowHalfOpen = true
  return socket
}

/** Answers with an ordinary response and ends the connection. */
export function refuseUpgrade(
  { socket }: IncomingUpgrade,
  status: number,
  body: string | Uint8Array,
  headers: RawHeaders = ["Content-Type", "text/plain; charset=utf-8"],
): void {
  const bytes = Buffer.from(body)
  const all = [...headers, "Content-Length", String(bytes.length), "Connection", "close"]
  socket.end(Buffer.concat([encodeHead(status, all), bytes]))
}

export function encodeHead(status: number, headers: RawHeaders): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`]
  for (let index = 0; index + 1 < headers.length; index += 2) {
    // Node.js has parsed what comes from outside; nothing of ours has line breaks in it either.
    lines.push(`${headers[index]}: ${headers[index + 1]!.replace(/[\r\n]/g, " ")}`)
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1")
}
