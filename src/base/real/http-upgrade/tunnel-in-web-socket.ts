import { acceptWebSocket, offeredProtocols, webSocketDuplex } from "../websocket.ts"
import { dialUpgrade, type UpgradeTarget } from "./dial-upgrade.ts"
import { type IncomingUpgrade, isWebSocketUpgrade } from "./incoming-upgrade.ts"
import { relayRefusal, splice } from "./tunnel-upgrade.ts"

const prefix = "SPDY/3.1+"

/** What a client offers to speak in SPDY within a WebSocket; nothing where it does not come with such a one. */
export function offeredInWebSocket(upgrade: IncomingUpgrade): string[] {
  if (!isWebSocketUpgrade(upgrade)) return []
  return offeredProtocols(upgrade)
    .filter((protocol) => protocol.startsWith(prefix) && protocol.endsWith(".k8s.io"))
    .map((protocol) => protocol.slice(prefix.length))
}

/**
 * Takes SPDY out of a WebSocket and passes it on. Resolves when the client has been answered, with a promise of the end;
 * rejects when the target cannot be reached, and then the client has not been answered.
 */
export async function tunnelInWebSocket(
  upgrade: IncomingUpgrade,
  { url, tls }: Pick<UpgradeTarget, "url" | "tls">,
): Promise<{ readonly ended: Promise<void> }> {
  const offered = offeredInWebSocket(upgrade)
  const headers = { Connection: "Upgrade", Upgrade: "SPDY/3.1", "X-Stream-Protocol-Version": offered }
  const answer = await dialUpgrade({ url, headers, ...(tls && { tls }) })
  const over = { ended: Promise.resolve() }
  if (answer.kind === "refused") {
    relayRefusal(upgrade, answer)
    return over
  }
  const chosen = answer.headers["x-stream-protocol-version"]
  try {
    const webSocket = await acceptWebSocket(upgrade, chosen ? `${prefix}${String(chosen)}` : "")
    return { ended: splice(await webSocketDuplex(webSocket), answer.socket) }
  } catch {
    // The client's handshake was malformed, and it has been told.
    answer.socket.destroy()
    return over
  }
}
