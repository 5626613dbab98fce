/**
 * The client's side of gRPC, over Node's own HTTP/2: one connection at a time to one of several endpoints. When it
 * breaks, or goes silent, the next endpoint is tried. Requests that certainly were not carried out are repeated there,
 * others only if the caller says that repeating does no harm.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2"
import type { SecureContextOptions } from "node:tls"
import type { Clock, Timer } from "../../base/clock.ts"
import { sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Codec } from "../../base/protobuf.ts"
import { codes, GrpcError } from "../grpc/grpc-status.ts"
import { frameMessage, MessageReader } from "../grpc/message-frames.ts"

export interface GrpcChannelOptions {
  /** As `http://host:port` or `https://host:port`. */
  readonly endpoints: readonly string[]
  readonly tls?: SecureContextOptions | undefined
  readonly clock: Clock
  readonly log: Logger
}

export interface CallOptions {
  /** Doing it twice is as good as once. @default false */
  readonly repeatable?: boolean
  /** For all attempts together. */
  readonly timeoutMs: number
}

const connectTimeoutMs = 2000
// A server of etcd's complains about pings that are more frequent than every 5 seconds.
const pingIntervalMs = 10_000
const pingTimeoutMs = 5000
const retryDelayMs = 100
const window = 4 << 20

export class GrpcChannel {
  readonly #options: GrpcChannelOptions
  #session: Promise<ClientHttp2Session> | undefined
  #next = 0
  #closed = false

  constructor(options: GrpcChannelOptions) {
    this.#options = options
  }

  async unary<Q, A>(
    path: string,
    [codec, request]: readonly [Codec<Q>, Q],
    answer: Codec<A>,
    { repeatable = false, timeoutMs }: CallOptions,
  ): Promise<A> {
    const { clock } = this.#options
    const message = frameMessage(codec.encode(request))
    const deadline = clock.monotonic() + timeoutMs
    for (;;) {
      const outcome = await this.#attempt(path, message, deadline - clock.monotonic())
      if ("answer" in outcome) return answer.decode(outcome.answer)
      const { error, sent } = outcome
      const mayRepeat = error.code === codes.unavailable && (repeatable || !sent)
      if (this.#closed || !mayRepeat || clock.monotonic() + retryDelayMs > deadline) throw error
      await sleep(clock, retryDelayMs)
    }
  }

  /** Opens a stream of messages in both directions. It is bound to one connection: when that ends, it ends. */
  async stream(path: string, metadata: Readonly<Record<string, string>> = {}): Promise<ClientStream> {
    const session = await this.#connected()
    const request = openRequest(session, { ...requestHeaders(path), ...metadata })
    if (request instanceof GrpcError) throw request
    return new ClientStream(request, () => this.#abandon(session))
  }

  close(): void {
    this.#closed = true
    this.#session?.then((session) => session.destroy()).catch(() => {})
  }

  async #attempt(path: string, message: Buffer, timeoutMs: number): Promise<Outcome> {
    let session: ClientHttp2Session
    try {
      session = await this.#connected()
    } catch (error) {
      return { error: error as GrpcError, sent: false }
    }
    const timeout = { "grpc-timeout": `${Math.max(Math.ceil(timeoutMs), 1)}m` }
    const outcome = await callUnary(
      session,
      { ...requestHeaders(path), ...timeout },
      message,
      this.#options.clock,
      timeoutMs,
    )
    // A member that is cut off from the others still answers; another one may do better.
    if ("error" in outcome && outcome.error.code === codes.unavailable) this.#abandon(session)
    return outcome
  }

  #abandon(session: ClientHttp2Session): void {
    const current = this.#session
    if (current === undefined) return
    void current.then(
      (used) => {
        if (used !== session || this.#session !== current) return
        this.#session = undefined
        this.#next++
        // Others may be waiting for their answers on it; it takes no new requests.
        session.close()
      },
      () => {},
    )
  }

  #connected(): Promise<ClientHttp2Session> {
    if (this.#closed) return Promise.reject(new GrpcError(codes.unavailable, "the connection is closed"))
    if (this.#session === undefined) {
      const connecting = this.#connectToOne()
      this.#session = connecting
      connecting.then(
        (session) => session.once("close", () => this.#forget(connecting)),
        () => this.#forget(connecting),
      )
    }
    return this.#session
  }

  #forget(session: Promise<ClientHttp2Session>): void {
    if (this.#session === session) this.#session = undefined
  }

  async #connectToOne(): Promise<ClientHttp2Session> {
    const { endpoints, log } = this.#options
    const reasons: string[] = []
    for (let attempt = 0; attempt < endpoints.length; attempt++) {
      const endpoint = endpoints[this.#next % endpoints.length]!
      try {
        return await this.#connect(endpoint)
      } catch (error) {
        this.#next++
        reasons.push(`${endpoint}: ${(error as Error).message}`)
        log.debug("cannot connect to etcd", { endpoint, error })
      }
    }
    throw new GrpcError(codes.unavailable, `no etcd endpoint answers: ${reasons.join("; ")}`)
  }

  #connect(endpoint: string): Promise<ClientHttp2Session> {
    const { tls, clock } = this.#options
    return new Promise((resolve, reject) => {
      const session = connect(endpoint, { ...tls, settings: { initialWindowSize: window } })
      const fail = (error: Error) => {
        timer.cancel()
        reject(error)
        session.destroy()
      }
      const timer = clock.after(connectTimeoutMs, () => fail(new Error("no answer")))
      session.once("error", fail)
      session.once("close", () => fail(new Error("the server ended the connection")))
      // A server that does not take this client's certificate: only the socket says so.
      session.once("connect", (_session, socket) => socket.once("error", fail))
      // The server's settings are its first word: until then, there may be nobody behind the socket.
      session.once("remoteSettings", () => {
        timer.cancel()
        session.setLocalWindowSize(window)
        keepAlive(session, clock)
        resolve(session)
      })
    })
  }
}

type Outcome =
  | { readonly answer: Uint8Array }
  /** `sent`: it may have been carried out. */
  | { readonly error: GrpcError; readonly sent: boolean }

function requestHeaders(path: string): Record<string, string> {
  return { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" }
}

/** Ends a connection whose other side is gone without a word. */
function keepAlive(session: ClientHttp2Session, clock: Clock): void {
  let timer: Timer
  const ping = () => {
    if (session.destroyed) return
    const silence = clock.after(pingTimeoutMs, () => session.destroy(new Error("no answer to a ping")))
    // One that is on its way when the connection ends is answered with an error: there is nothing to ask any more.
    const sent = session.ping((error) => {
      silence.cancel()
      if (!error) timer = clock.after(pingIntervalMs, ping)
    })
    if (!sent) silence.cancel()
  }
  timer = clock.after(pingIntervalMs, ping)
  session.on("close", () => timer.cancel())
  session.on("error", () => {})
}

function callUnary(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  message: Buffer,
  clock: Clock,
  timeoutMs: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = openRequest(session, headers)
    if (request instanceof GrpcError) return resolve({ error: request, sent: false })
    const status = statusOf(request)
    const reader = new MessageReader(Number.POSITIVE_INFINITY)
    let answer: Uint8Array | undefined
    const timer = clock.after(timeoutMs, () => request.close(constants.NGHTTP2_CANCEL))
    request.on("data", (chunk: Buffer) => {
      answer ??= reader.push(chunk)[0]
    })
    request.on("error", () => {})
    request.on("close", () => {
      timer.cancel()
      const error = status()
      if (error === undefined && answer !== undefined) return resolve({ answer })
      const refused = request.rstCode === constants.NGHTTP2_REFUSED_STREAM
      resolve({ error: error ?? new GrpcError(codes.internal, "the answer is missing"), sent: !refused })
    })
    request.end(message)
  })
}

/** A connection may be on its way out without having said so yet. */
function openRequest(
  session: ClientHttp2Session,
  headers: Record<string, string>,
): ClientHttp2Stream | GrpcError {
  try {
    return session.request(headers)
  } catch (error) {
    return new GrpcError(codes.unavailable, `etcdserver: the connection is gone: ${(error as Error).message}`)
  }
}

/** Watches a request's headers; the result tells, once it is over, how it failed. */
function statusOf(request: ClientHttp2Stream): () => GrpcError | undefined {
  let code: string | undefined
  let message = ""
  const note = (headers: Record<string, string | string[] | number | undefined>) => {
    if (headers["grpc-status"] === undefined) return
    code = headers["grpc-status"].toString()
    message = decodeURIComponent(headers["grpc-message"]?.toString() ?? "")
  }
  request.on("response", note)
  request.on("trailers", note)
  return () => {
    if (code === "0") return undefined
    if (code !== undefined) return new GrpcError(Number(code), message)
    return new GrpcError(codes.unavailable, "etcdserver: the connection ended before the answer")
  }
}

export class ClientStream {
  readonly #request: ClientHttp2Stream
  readonly #status: () => GrpcError | undefined
  readonly #abandon: () => void
  #cancelled = false

  constructor(request: ClientHttp2Stream, abandon: () => void) {
    this.#request = request
    this.#status = statusOf(request)
    this.#abandon = abandon
    request.on("error", () => {})
  }

  send(message: Uint8Array): void {
    if (!this.#request.destroyed) this.#request.write(frameMessage(message))
  }

  /** Ends with the stream; throws the status if it is not a good one. */
  async *messages(): AsyncGenerator<Uint8Array> {
    const reader = new MessageReader(Number.POSITIVE_INFINITY)
    try {
      for await (const chunk of this.#request) yield* reader.push(chunk as Buffer)
    } catch (error) {
      if (error instanceof GrpcError) throw error
      // The connection broke: the status says so.
    }
    const error = this.#status()
    if (error === undefined || this.#cancelled) return
    if (error.code === codes.unavailable) this.#abandon()
    throw error
  }

  cancel(): void {
    this.#cancelled = true
    this.#request.close(constants.NGHTTP2_CANCEL)
  }
}
