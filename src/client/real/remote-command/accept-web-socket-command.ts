import { Readable, Writable } from "node:stream"
import type { RawData, WebSocket } from "ws"
import { type IncomingUpgrade, refuseUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { acceptWebSocket, offeredProtocols } from "../../../base/real/websocket.ts"
import type { AcceptedCommand } from "./accept-command.ts"
import {
  channels,
  type CommandOptions,
  parseSize,
  statusOf,
  type TerminalSize,
  webSocketProtocols,
} from "./protocol.ts"

/** Unread stdin that is kept before the client has to wait. */
const maxUnreadBytes = 1024 * 1024

/** Answers a WebSocket handshake. Undefined when it was refused, with an answer. */
export async function acceptWebSocketCommand(
  upgrade: IncomingUpgrade,
  options: CommandOptions,
  known: readonly string[] = webSocketProtocols,
): Promise<AcceptedCommand | undefined> {
  const offered = offeredProtocols(upgrade)
  const protocol = offered.find((each) => known.includes(each)) ?? (offered.length === 0 ? "" : undefined)
  if (protocol === undefined) {
    const text = `unable to upgrade: the client offers [${offered.join(" ")}], the server knows [${known.join(" ")}]`
    refuseUpgrade(upgrade, 403, text)
    return undefined
  }
  const webSocket = await acceptWebSocket(upgrade, protocol).catch(() => undefined)
  return webSocket && new WebSocketCommand(webSocket, protocol, options)
}

class WebSocketCommand implements AcceptedCommand {
  readonly streams: AcceptedCommand["streams"]
  readonly #webSocket: WebSocket
  readonly #isText: boolean
  readonly #stdin: Readable | undefined
  readonly #sizes = new SizeQueue()
  readonly #gone = new AbortController()

  constructor(webSocket: WebSocket, protocol: string, options: CommandOptions) {
    this.#webSocket = webSocket
    this.#isText = protocol.includes("base64")
    this.#stdin = options.stdin ? new Readable({ read: () => webSocket.resume() }) : undefined
    this.streams = {
      stdin: this.#stdin,
      stdout: options.stdout ? this.#output(channels.stdout) : undefined,
      stderr: options.stderr && !options.tty ? this.#output(channels.stderr) : undefined,
      terminalSizes: this.#sizes,
      signal: this.#gone.signal,
    }
    webSocket.on("message", (data) => this.#receive(data))
    webSocket.on("close", () => {
      this.#stdin?.push(null)
      this.#sizes.end()
      this.#gone.abort()
    })
    // Clients wait for a first message to know that the streams are there.
    const first = options.stdout ? channels.stdout : options.stderr ? channels.stderr : channels.error
    webSocket.send(this.#encode(first, Buffer.alloc(0)))
  }

  async finish(result: Parameters<AcceptedCommand["finish"]>[0]): Promise<void> {
    const status = Buffer.from(JSON.stringify(statusOf(result)))
    await new Promise<void>((resolve) => {
      if (this.#gone.signal.aborted) return resolve()
      this.#gone.signal.addEventListener("abort", () => resolve(), { once: true })
      this.#webSocket.send(this.#encode(channels.error, status), () => this.#webSocket.close(1000))
      // The client's own close may wait behind input that nobody reads any more.
      this.#stdin?.destroy()
      this.#webSocket.resume()
    })
  }

  #output(channel: number): Writable {
    return new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        if (this.#webSocket.readyState !== this.#webSocket.OPEN) return done()
        this.#webSocket.send(this.#encode(channel, bytes), () => done())
      },
    })
  }

  #receive(data: RawData): void {
    const message = this.#decode(data as Buffer)
    if (!message) return
    const { channel, bytes } = message
    if (channel === channels.stdin && this.#stdin && !this.#stdin.destroyed) {
      if (bytes.length > 0) this.#stdin.push(bytes)
      if (this.#stdin.readableLength > maxUnreadBytes) this.#webSocket.pause()
    } else if (channel === channels.close && bytes[0] === channels.stdin) this.#stdin?.push(null)
    else if (channel === channels.resize) {
      const size = parseSize(bytes.toString("utf8"))
      if (size) this.#sizes.push(size)
    }
  }

  #encode(channel: number, bytes: Buffer): Buffer | string {
    if (this.#isText) return `${channel}${bytes.toString("base64")}`
    return Buffer.concat([Buffer.of(channel), bytes])
  }

  #decode(data: Buffer): { channel: number; bytes: Buffer } | undefined {
    const [first] = data
    if (first === undefined) return undefined
    if (!this.#isText) return { channel: first, bytes: data.subarray(1) }
    // A digit; 255 has none and travels as it is.
    const channel = first === channels.close ? first : first - 0x30
    return { channel, bytes: Buffer.from(data.toString("latin1", 1), "base64") }
  }
}

/** Terminal sizes until they are asked for; only the newest matters. */
class SizeQueue implements AsyncIterable<TerminalSize> {
  #newest: TerminalSize | undefined
  #isEnded = false
  #wake: (() => void) | undefined

  push(size: TerminalSize): void {
    this.#newest = size
    this.#wake?.()
  }

  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TerminalSize, void, void> {
    for (;;) {
      const size = this.#newest
      this.#newest = undefined
      if (size) yield size
      else if (this.#isEnded) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
