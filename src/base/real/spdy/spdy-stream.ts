import { Duplex } from "node:stream"
import type { SpdyHeaders } from "./header-block.ts"

/** One stream of a connection: two directions, each ended by itself. */
export interface SpdyStream {
  readonly id: number
  /** Those it was opened with. */
  readonly headers: SpdyHeaders
  /** Reads what the peer sends; what is written goes to the peer; `end` ends our direction alone. */
  readonly duplex: Duplex
  /** For a stream we opened: settles when the peer has accepted it, rejects when it is refused. */
  readonly accepted: Promise<SpdyHeaders>
  /** Accepts a stream that the peer opened. */
  accept(headers?: SpdyHeaders): void
  /** Gives the stream up, both directions. */
  reset(): void
}

/** What a stream asks of its connection. */
export interface StreamPort {
  sendData(streamId: number, bytes: Buffer, isLast: boolean, done: (error?: Error) => void): void
  sendReply(streamId: number, headers: SpdyHeaders): void
  sendReset(streamId: number): void
  /** Both directions are over. */
  forget(streamId: number): void
}

/** Unread bytes of one stream that are kept before the whole connection waits for its reader. */
const maxUnreadBytes = 1024 * 1024

/** The connection's side of a stream. */
export class StreamState {
  readonly stream: SpdyStream
  readonly #port: StreamPort
  readonly #id: number
  readonly #resolveAccepted: (headers: SpdyHeaders) => void
  readonly #rejectAccepted: (error: Error) => void
  #readerWakes: (() => void) | undefined
  #peerIsDone: boolean
  #weAreDone: boolean
  #isAccepted = false
  #isReset = false
  /** With its connection. */
  #hasEnded = false
  readonly #writesNothing: boolean

  constructor(
    port: StreamPort,
    id: number,
    headers: SpdyHeaders,
    done: { readonly peer: boolean; readonly we: boolean },
  ) {
    this.#port = port
    this.#id = id
    this.#peerIsDone = done.peer
    this.#weAreDone = done.we
    this.#writesNothing = done.we
    let resolveAccepted!: (headers: SpdyHeaders) => void
    let rejectAccepted!: (error: Error) => void
    const accepted = new Promise<SpdyHeaders>((resolve, reject) => {
      resolveAccepted = resolve
      rejectAccepted = reject
    })
    // Not everybody waits for it.
    accepted.catch(() => {})
    this.#resolveAccepted = resolveAccepted
    this.#rejectAccepted = rejectAccepted
    this.stream = {
      id,
      headers,
      duplex: this.#createDuplex(),
      accepted,
      accept: (reply = {}) => port.sendReply(id, reply),
      reset: () => {
        if (!this.#isReset) port.sendReset(id)
        this.becomeReset(new Error("the stream was reset"))
      },
    }
    if (done.peer) this.stream.duplex.push(null)
  }

  /** Hands bytes to the reader. Resolves when there is room for more. */
  receive(bytes: Buffer, isLast: boolean): Promise<void> | undefined {
    if (this.#isReset || this.#peerIsDone) return undefined
    const { duplex } = this.stream
    if (bytes.length > 0) duplex.push(bytes)
    if (isLast) {
      this.#peerIsDone = true
      duplex.push(null)
      if (this.#weAreDone) this.#port.forget(this.#id)
    }
    if (duplex.destroyed || duplex.readableLength <= maxUnreadBytes) return undefined
    return new Promise((resolve) => {
      this.#readerWakes = resolve
    })
  }

  /** Whoever waits for room waits no longer. */
  wake(): void {
    this.#readerWakes?.()
  }

  becomeAccepted(headers: SpdyHeaders): void {
    this.#isAccepted = true
    this.#resolveAccepted(headers)
  }

  /** The peer reset it: a refusal, or, as container runtimes do right behind the last bytes, the end. */
  becomeResetByPeer(reason: Error): void {
    if (this.#isAccepted) this.becomeEnded(reason)
    else this.becomeReset(reason)
  }

  /** It is given up: what was not read or sent is lost. */
  becomeReset(reason: Error): void {
    this.#rejectAccepted(reason)
    this.#isReset = true
    this.stream.duplex.destroy()
  }

  /** There is no more to come: the reader gets what is there and then the end, what is written is dropped. */
  becomeEnded(reason: Error): void {
    this.#rejectAccepted(reason)
    if (this.#isReset) return
    this.#hasEnded = true
    if (!this.#peerIsDone) this.stream.duplex.push(null)
    this.#peerIsDone = true
    this.#weAreDone = true
    this.#port.forget(this.#id)
    this.#closeIfDone()
  }

  #createDuplex(): Duplex {
    const duplex = new Duplex({
      allowHalfOpen: true,
      // Reading to the end with `for await` must not give up the other direction.
      autoDestroy: false,
      read: () => {
        this.#readerWakes?.()
        this.#readerWakes = undefined
      },
      write: (bytes: Buffer, _encoding, done) => this.#send(bytes, false, done),
      final: (done) => this.#send(Buffer.alloc(0), true, done),
      destroy: (error, done) => {
        this.#readerWakes?.()
        if (!this.#isReset && !(this.#peerIsDone && this.#weAreDone)) this.#port.sendReset(this.#id)
        this.#isReset = true
        this.#port.forget(this.#id)
        done(error)
      },
    })
    duplex.once("end", () => this.#closeIfDone())
    duplex.once("finish", () => this.#closeIfDone())
    return duplex
  }

  #send(bytes: Buffer, isLast: boolean, done: (error?: Error) => void): void {
    if (this.#isReset || this.#weAreDone) return done()
    if (isLast) this.#weAreDone = true
    this.#port.sendData(this.#id, bytes, isLast, done)
    if (this.#peerIsDone && this.#weAreDone) this.#port.forget(this.#id)
  }

  #closeIfDone(): void {
    const { readableEnded, writableFinished } = this.stream.duplex
    if (readableEnded && (writableFinished || this.#hasEnded || this.#writesNothing))
      this.stream.duplex.destroy()
  }
}
