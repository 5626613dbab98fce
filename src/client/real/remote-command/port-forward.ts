import type { Duplex } from "node:stream"
import { type Clock, sleep } from "../../../base/clock.ts"
import { type IncomingUpgrade, isWebSocketUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { splice } from "../../../base/real/http-upgrade/tunnel-upgrade.ts"
import { SpdyConnection } from "../../../base/real/spdy/spdy-connection.ts"
import type { SpdyStream } from "../../../base/real/spdy/spdy-stream.ts"
import { acceptSpdy, negotiate } from "./accept-spdy-command.ts"
import { serveWebSocketPortForward } from "./port-forward-web-socket.ts"
import { messageOf } from "../../../base/message-of.ts"

/** Opens a connection to a port of the pod. Rejects with what the user should read. */
export type ConnectPort = (port: number) => Promise<Duplex>

/** A client opens two streams per connection, and the second may be late. */
const pairStreamsMs = 30_000

/**
 * Serves one `kubectl port-forward`, which may carry many connections to several ports, each over a pair of streams: data,
 * and error. `ports` are those of the query, which only WebSocket clients send. Resolves when the client has gone.
 */
export async function servePortForward(
  upgrade: IncomingUpgrade,
  ports: readonly number[],
  clock: Clock,
  connectPort: ConnectPort,
): Promise<void> {
  if (isWebSocketUpgrade(upgrade)) return serveWebSocketPortForward(upgrade, ports, connectPort)
  const protocol = negotiate(upgrade, ["portforward.k8s.io"])
  if (protocol === undefined) return
  const pairs = new StreamPairs(clock, connectPort)
  const connection = new SpdyConnection(acceptSpdy(upgrade, protocol), "server", (stream) =>
    pairs.add(stream),
  )
  await connection.closed
}

class StreamPairs {
  readonly #waiting = new Map<string, SpdyStream>()
  readonly #clock: Clock
  readonly #connectPort: ConnectPort

  constructor(clock: Clock, connectPort: ConnectPort) {
    this.#clock = clock
    this.#connectPort = connectPort
  }

  add(stream: SpdyStream): void {
    const type = stream.headers["streamtype"]?.[0]
    const port = Number(stream.headers["port"]?.[0])
    if ((type !== "data" && type !== "error") || !(port >= 1 && port <= 65535)) return stream.reset()
    // Clients from before request ids open the pair one right after the other: error first.
    const request = stream.headers["requestid"]?.[0] ?? String(type === "error" ? stream.id : stream.id - 2)
    const other = this.#waiting.get(request)
    stream.accept()
    if (other && other.headers["streamtype"]?.[0] !== type) {
      this.#waiting.delete(request)
      const [data, error] = type === "data" ? [stream, other] : [other, stream]
      void this.#forward(port, data, error)
    } else {
      this.#waiting.set(request, stream)
      void this.#giveUpLater(request, stream)
    }
  }

  async #giveUpLater(request: string, stream: SpdyStream): Promise<void> {
    await sleep(this.#clock, pairStreamsMs)
    if (this.#waiting.get(request) !== stream) return
    this.#waiting.delete(request)
    stream.reset()
  }

  async #forward(port: number, data: SpdyStream, error: SpdyStream): Promise<void> {
    try {
      await splice(await this.#connectPort(port), data.duplex)
    } catch (problem) {
      error.duplex.write(messageOf(problem))
    }
    error.duplex.end()
    data.duplex.end()
  }
}
