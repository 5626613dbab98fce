import type { Duplex } from "node:stream"
import type { WebSocket } from "ws"
import { type IncomingUpgrade, refuseUpgrade } from "./http-upgrade/incoming-upgrade.ts"

/** The subprotocols a client offers, in its order. */
export function offeredProtocols({ request }: IncomingUpgrade): string[] {
  const offered = request.headers["sec-websocket-protocol"] ?? ""
  return offered
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "")
}

/**
 * Answers a WebSocket handshake with this subprotocol, which the client must have offered; "" for none. The library is
 * loaded at the first use: most processes never see a WebSocket. Rejects when the handshake is malformed, after answering.
 */
export async function acceptWebSocket(upgrade: IncomingUpgrade, protocol: string): Promise<WebSocket> {
  const { WebSocketServer } = await import("ws")
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    handleProtocols: () => (protocol === "" ? false : protocol),
  })
  return new Promise((resolve, reject) => {
    server.on("wsClientError", (error) => {
      refuseUpgrade(upgrade, 400, error.message)
      reject(error)
    })
    server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (webSocket) => {
      // Told by "close", which always follows.
      webSocket.on("error", () => {})
      resolve(webSocket)
    })
  })
}

/** The bytes of binary messages as one stream, both ways; message boundaries mean nothing. */
export async function webSocketDuplex(webSocket: WebSocket): Promise<Duplex> {
  const { createWebSocketStream } = await import("ws")
  const duplex = createWebSocketStream(webSocket)
  duplex.on("error", () => {})
  return duplex
}
