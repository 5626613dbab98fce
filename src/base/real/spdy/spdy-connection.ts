import { Socket } from "node:net"
import type { Duplex } from "node:stream"
import {
  type ControlFrame,
  controlTypes,
  dataHeader,
  flags,
  goAway,
  ping,
  readFrames,
  resetReasons,
  rstStream,
  synReply,
  synStream,
} from "./frames.ts"
import { HeaderReader, HeaderWriter, type SpdyHeaders } from "./header-block.ts"
import { type SpdyStream, type StreamPort, StreamState } from "./spdy-stream.ts"

/** Of one data frame: a big write must not keep other streams waiting, and a frame's length has 24 bits. */
const maxDataBytes = 64 * 1024

/**
 * SPDY/3.1 over a connection that was upgraded to it: many streams over one, as kubectl, kubelets and container runtimes
 * speak it (https://github.com/moby/spdystream). Two habits of that library are ours too: WINDOW_UPDATE is neither sent
 * (it would end the connection) nor waited for; the only back-pressure is that of the connection as a whole, so a stream
 * whose reader falls behind by a mebibyte holds up the others.
 *
 * @example
 * const connection = new SpdyConnection(socket, "client")
 * const stream = connection.open({ streamtype: ["stdout"] })
 * stream.duplex.pipe(process.stdout)
 */
export class SpdyConnection {
  readonly #transport: Duplex
  readonly #writer = new HeaderWriter()
  readonly #reader = new HeaderReader()
  readonly #streams = new Map<number, StreamState>()
  readonly #pings = new Map<number, () => void>()
  readonly #onStream: (stream: SpdyStream) => void
  readonly #peerParity: number
  #nextStreamId: number
  #nextPingId: number
  #lastPeerStreamId = 0
  #isGoingAway = false
  /** Settles, and never rejects, when the transport has ended. */
  readonly closed: Promise<void>

  /** `onStream` may accept a stream, read and write it; not accepting is refusing once it is reset. */
  constructor(
    transport: Duplex,
    role: "client" | "server",
    onStream: (stream: SpdyStream) => void = (stream) => stream.reset(),
  ) {
    this.#transport = transport
    this.#onStream = onStream
    this.#nextStreamId = role === "client" ? 1 : 2
    this.#nextPingId = this.#nextStreamId
    this.#peerParity = role === "client" ? 0 : 1
    transport.on("error", () => {})
    // Reading may be waiting for a stream's reader: it need not any more.
    transport.once("close", () => this.#streams.forEach((state) => state.wake()))
    // Keystrokes are small and wait for their echo.
    if (transport instanceof Socket) transport.setNoDelay(true)
    this.closed = this.#run()
  }

  get openStreams(): number {
    return this.#streams.size
  }

  /** Opens a stream; bytes may be written before the peer accepts it. */
  open(headers: SpdyHeaders, options: { readonly writeNothing?: boolean } = {}): SpdyStream {
    const { writeNothing = false } = options
    const id = this.#nextStreamId
    this.#nextStreamId += 2
    const state = new StreamState(this.#port, id, headers, { peer: false, we: writeNothing })
    if (this.#isGoingAway || !this.#transport.writable) {
      state.becomeEnded(new Error("the connection is closed"))
      return state.stream
    }
    this.#streams.set(id, state)
    this.#transport.write(synStream(id, this.#writer.encode(headers), writeNothing))
    return state.stream
  }

  /** Resolves when the peer has answered, or the connection has ended. */
  async ping(): Promise<void> {
    if (!this.#transport.writable) return
    const id = this.#nextPingId
    this.#nextPingId += 2
    await new Promise<void>((resolve) => {
      this.#pings.set(id, resolve)
      this.#transport.write(ping(id))
    })
  }

  /** Says good-bye, sends what was written, and ends the connection. */
  close(): void {
    if (!this.#isGoingAway && this.#transport.writable) {
      this.#isGoingAway = true
      this.#transport.write(goAway(this.#lastPeerStreamId))
    }
    this.#transport.end()
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#transport.destroy()
  }

  readonly #port: StreamPort = {
    sendData: (id, bytes, isLast, done) => {
      if (!this.#transport.writable) return done()
      this.#transport.cork()
      let offset = 0
      do {
        const piece = bytes.subarray(offset, offset + maxDataBytes)
        offset += maxDataBytes
        const isEnd = offset >= bytes.length
        this.#transport.write(dataHeader(id, piece.length, isLast && isEnd))
        this.#transport.write(piece, () => isEnd && done())
      } while (offset < bytes.length)
      this.#transport.uncork()
    },
    sendReply: (id, headers) => {
      if (this.#transport.writable) this.#transport.write(synReply(id, this.#writer.encode(headers)))
    },
    sendReset: (id) => {
      if (this.#transport.writable) this.#transport.write(rstStream(id, resetReasons.cancel))
    },
    forget: (id) => void this.#streams.delete(id),
  }

  async #run(): Promise<void> {
    try {
      for await (const frame of readFrames(this.#transport)) {
        if (frame.kind === "control") await this.#handleControl(frame)
        else await this.#streams.get(frame.streamId)?.receive(frame.bytes, frame.isLast)
      }
    } catch {
      // Bytes that are not SPDY, or a broken connection: for the streams it is all the same.
      this.#transport.destroy()
    } finally {
      this.#isGoingAway = true
      this.#reader.close()
      const reason = new Error("the connection has ended")
      for (const state of this.#streams.values()) state.becomeEnded(reason)
      for (const answered of this.#pings.values()) answered()
    }
  }

  async #handleControl({ type, flags: frameFlags, payload }: ControlFrame): Promise<void> {
    const id = payload.length >= 4 ? payload.readUInt32BE(0) & 0x7fffffff : 0
    const isLast = (frameFlags & flags.fin) !== 0
    switch (type) {
      case controlTypes.synStream:
        return this.#accept(id, frameFlags, await this.#reader.decode(payload.subarray(10)))
      case controlTypes.synReply: {
        const headers = await this.#reader.decode(payload.subarray(4))
        this.#streams.get(id)?.becomeAccepted(headers)
        if (isLast) void this.#streams.get(id)?.receive(Buffer.alloc(0), true)
        return
      }
      case controlTypes.headers:
        // Nobody sends any; but each is part of the compressed stream.
        await this.#reader.decode(payload.subarray(4))
        if (isLast) void this.#streams.get(id)?.receive(Buffer.alloc(0), true)
        return
      case controlTypes.rstStream: {
        const reason = payload.length >= 8 ? payload.readUInt32BE(4) : 0
        this.#streams.get(id)?.becomeResetByPeer(new Error(`the peer reset the stream (reason ${reason})`))
        return
      }
      case controlTypes.ping:
        return this.#answerPing(payload)
      case controlTypes.goAway:
        this.#isGoingAway = true
        return
      default:
        // SETTINGS and WINDOW_UPDATE change nothing here.
        return
    }
  }

  #accept(id: number, frameFlags: number, headers: SpdyHeaders): void {
    if (id % 2 !== this.#peerParity || id <= this.#lastPeerStreamId) {
      this.#transport.write(rstStream(id, resetReasons.protocolError))
      return
    }
    this.#lastPeerStreamId = id
    const state = new StreamState(this.#port, id, headers, {
      peer: (frameFlags & flags.fin) !== 0,
      we: (frameFlags & flags.unidirectional) !== 0,
    })
    this.#streams.set(id, state)
    this.#onStream(state.stream)
  }

  #answerPing(payload: Buffer): void {
    if (payload.length < 4) return
    const id = payload.readUInt32BE(0)
    const waiting = this.#pings.get(id)
    this.#pings.delete(id)
    if (waiting) waiting()
    else if (id % 2 === this.#peerParity) this.#transport.write(ping(id))
  }
}
