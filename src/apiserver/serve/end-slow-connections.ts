import type { Http2SecureServer } from "node:http2"
import type { TLSSocket } from "node:tls"
import type { Clock, Timer } from "../../base/clock.ts"
import type { AnyRequest, AnyResponse } from "./serve-https.ts"

/** As upstream: so long may the first request take to arrive as a whole, and so long may a connection then be idle. */
const headersMs = 32_000
const idleMs = 90_000

interface Conversation {
  /** Requests that are not answered yet; meanwhile the server's own deadlines count. */
  active: number
  timer: Timer | undefined
}

/**
 * Ends HTTP/1.1 connections over which nothing comes, or so slowly that it is no request in the end: each would keep memory
 * and a file descriptor. Node.js does this for servers of HTTP/1.1 alone, not for those that speak both protocols.
 */
export function endSlowConnections(server: Http2SecureServer, clock: Clock): void {
  const conversations = new WeakMap<object, Conversation>()
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") return
    const conversation: Conversation = { active: 0, timer: undefined }
    conversations.set(socket, conversation)
    wait(conversation, headersMs, socket)
    socket.on("close", () => conversation.timer?.cancel())
  })
  server.on("request", (request: AnyRequest, response: AnyResponse) => {
    const { socket } = request
    const conversation = request.httpVersionMajor === 1 ? conversations.get(socket) : undefined
    if (!conversation) return
    conversation.timer?.cancel()
    conversation.active++
    response.on("close", () => {
      conversation.active--
      if (conversation.active === 0 && !socket.destroyed) wait(conversation, idleMs, socket)
    })
  })
  server.on("upgrade", ({ socket }: AnyRequest) => conversations.get(socket)?.timer?.cancel())

  function wait(conversation: Conversation, limitMs: number, socket: { destroy(): unknown }): void {
    conversation.timer = clock.after(limitMs, () => void socket.destroy())
  }
}
