import { Duplex } from "node:stream"
import type { WebSocket } from "ws"
import { type IncomingUpgrade, refuseUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { splice } from "../../../base/real/http-upgrade/tunnel-upgrade.ts"
import { acceptWebSocket, offeredProtocols } from "../../../base/real/websocket.ts"
import type { ConnectPort } from "./port-forward.ts"
import { messageOf } from "../../../base/message-of.ts"

const protocols = ["v4.channel.k8s.io"]

/**
 * The WebSocket form from before kubectl tunnelled SPDY through it, which client libraries still use: one connection per
 * port of the query, data on channel 2i and its error on channel 2i+1. Each channel's first message tells the port.
 */
export async function serveWebSocketPortForward(
  upgrade: IncomingUpgrade,
  ports: readonly number[],
  connectPort: ConnectPort,
): Promise<void> {
  if (ports.length === 0) return refuseUpgrade(upgrade, 400, 'query parameter "ports" is required')
  const protocol = offeredProtocols(upgrade).find((each) => protocols.includes(each)) ?? ""
  const webSocket = await acceptWebSocket(upgrade, protocol).catch(() => undefined)
  if (!webSocket) return
  const connections = ports.map((port, index) => new ChannelPair(webSocket, port, index * 2))
  webSocket.on("message", (data) => {
    const [channel = 0] = data as Buffer
    connections[channel >> 1]?.receive(channel, (data as Buffer).subarray(1))
  })
  const closed = new Promise<void>((resolve) => webSocket.once("close", () => resolve()))
  void closed.then(() => connections.forEach((connection) => connection.end()))
  await Promise.all(connections.map((connection) => connection.forward(connectPort)))
  webSocket.close(1000)
  await closed
}

class ChannelPair {
  readonly #webSocket: WebSocket
  readonly #port: number
  readonly #channel: number
  readonly #duplex: Duplex

  constructor(webSocket: WebSocket, port: number, channel: number) {
    this.#webSocket = webSocket
    this.#port = port
    this.#channel = channel
    this.#duplex = new Duplex({
      read: () => webSocket.resume(),
      write: (bytes: Buffer, _encoding, done) => this.#send(channel, bytes, done),
    })
    const portBytes = Buffer.alloc(2)
    portBytes.writeUInt16LE(port)
    this.#send(channel, portBytes)
    this.#send(channel + 1, portBytes)
  }

  async forward(connectPort: ConnectPort): Promise<void> {
    try {
      await splice(await connectPort(this.#port), this.#duplex)
    } catch (problem) {
      const text = messageOf(problem)
      this.#send(this.#channel + 1, Buffer.from(text))
    }
  }

  receive(channel: number, bytes: Buffer): void {
    if (channel !== this.#channel || this.#duplex.readableEnded) return
    // One channel that is full holds up the others: the connection is all there is to slow down.
    if (!this.#duplex.push(bytes)) this.#webSocket.pause()
  }

  end(): void {
    this.#duplex.push(null)
    this.#duplex.destroy()
  }

  #send(channel: number, bytes: Buffer, done: () => void = () => {}): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return done()
    this.#webSocket.send(Buffer.concat([Buffer.of(channel), bytes]), () => done())
  }
}
