import type { IncomingUpgrade } from "../../base/real/http-upgrade/incoming-upgrade.ts"
import { acceptWebSocket, offeredProtocols } from "../../base/real/websocket.ts"

const base64Protocol = "base64.binary.k8s.io"
/** By these names, or by none, a reader takes bytes as they come (upstream's wsstream.Reader). */
const protocols = ["binary.k8s.io", base64Protocol]

/** A log over a WebSocket: a message per piece. Resolves when all is sent, or nobody reads any more. */
export async function sendStreamOverWebSocket(
  upgrade: IncomingUpgrade,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const protocol = offeredProtocols(upgrade).find((offered) => protocols.includes(offered)) ?? ""
  const webSocket = await acceptWebSocket(upgrade, protocol)
  for await (const chunk of chunks) {
    if (webSocket.readyState !== webSocket.OPEN) return
    const message = protocol === base64Protocol ? Buffer.from(chunk).toString("base64") : chunk
    // Taken at the reader's pace: a log may be large.
    await new Promise<void>((resolve) => webSocket.send(message, () => resolve()))
  }
  webSocket.close()
}
