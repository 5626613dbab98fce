import { acceptWebSocket } from "../../base/real/websocket.ts"
import type { IncomingUpgrade } from "../../base/real/http-upgrade/incoming-upgrade.ts"
import type { WatchBody } from "../http/response.ts"

// A reader that is further behind than this waits for nothing: the watch ends, and it comes back where it was.
const maxBufferedBytes = 16 * 1024 * 1024

/** A watch over a WebSocket: a message per event. Resolves when it has ended. */
export async function sendWatchOverWebSocket(
  upgrade: IncomingUpgrade,
  { batches }: WatchBody,
  isText: boolean,
): Promise<void> {
  const webSocket = await acceptWebSocket(upgrade, "")
  for await (const batch of batches) {
    for (const frame of batch) {
      if (webSocket.readyState !== webSocket.OPEN) return
      webSocket.send(frame.encode(), { binary: !isText })
    }
    if (webSocket.bufferedAmount > maxBufferedBytes) break
  }
  webSocket.close()
}
