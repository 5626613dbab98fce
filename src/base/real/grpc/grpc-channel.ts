import type { Client, Metadata, ServiceError } from "@grpc/grpc-js"
import type { Codec } from "../../protobuf.ts"
import { loadGrpc } from "../load-grpc.ts"
import { GrpcError, grpcErrorCodes } from "../../grpc-error.ts"
import { reachableSocket } from "./reachable-socket.ts"

/** A gRPC connection with our own codecs. Reconnects by itself; calls made while it is down wait for it. */
export interface GrpcChannel {
  unary<Q, A>(
    method: string,
    request: readonly [Codec<Q>, Q],
    answer: Codec<A>,
    options?: CallOptions,
  ): Promise<A>
  /** Answers as they come; ends when the server ends it or `signal` aborts. */
  serverStream<Q, A>(
    method: string,
    request: readonly [Codec<Q>, Q],
    answer: Codec<A>,
    options?: CallOptions,
  ): AsyncIterable<A>
  duplex<Q, A>(method: string, request: Codec<Q>, answer: Codec<A>, options?: CallOptions): DuplexCall<Q, A>
  /** Tells whether the server is there, now and whenever that changes, until the channel is closed. Keeps it connected. */
  follow(listener: (connected: boolean) => void): void
  /** Resolves as soon as the server is there; rejects when it does not come in time. */
  connected(timeoutMs: number): Promise<void>
  close(): void
}

export interface DuplexCall<Q, A> {
  /** Sends and waits for one answer. */
  exchange(request: Q): Promise<A>
  end(): void
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** @default 120 s; 0: none */
  readonly timeoutMs?: number
  readonly metadata?: Readonly<Record<string, string>>
}

const maxMessageBytes = 16 << 20

/** `address` as gRPC writes it: "unix:/run/containerd.sock", however long. */
export async function connectGrpc(address: string, now: () => number): Promise<GrpcChannel> {
  const grpc = await loadGrpc()
  const socket = reachableSocket(address.replace(/^unix:/, ""))
  const client = new grpc.Client(`unix:${socket.path}`, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    // The server is on this machine: when it restarts it is back within a second.
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.min_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 500,
    // Otherwise two clients of one socket share a connection, and closing one ends the other's calls.
    "grpc.use_local_subchannel_pool": 1,
  })
  const metadataOf = (options: CallOptions): Metadata => {
    const metadata = new grpc.Metadata({ waitForReady: true })
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value)
    return metadata
  }
  const deadlineOf = ({ timeoutMs = 120_000 }: CallOptions) =>
    timeoutMs === 0 ? {} : { deadline: new Date(now() + timeoutMs) }
  return {
    unary: (method, request, answer, options = {}) =>
      callUnary(client, method, request, answer, metadataOf(options), {
        ...deadlineOf(options),
        signal: options.signal,
      }),
    serverStream: (method, [codec, value], answer, options = {}) => {
      const call = client.makeServerStreamRequest(
        method,
        toBuffer(codec),
        answer.decode,
        value,
        metadataOf(options),
      )
      options.signal?.addEventListener("abort", () => call.cancel(), { once: true })
      return readStream(call, options.signal)
    },
    duplex: (method, request, answer, options = {}) => {
      const call = client.makeBidiStreamRequest(
        method,
        toBuffer(request),
        answer.decode,
        metadataOf(options),
        deadlineOf(options),
      )
      const answers = readStream(call, options.signal)[Symbol.asyncIterator]()
      return {
        async exchange(value) {
          call.write(value)
          const next = await answers.next()
          if (next.done) throw new GrpcError("Unavailable", `${method} ended before it answered`)
          return next.value
        },
        end: () => call.end(),
      }
    },
    follow(listener) {
      const channel = client.getChannel()
      const look = () => {
        const state = channel.getConnectivityState(true)
        if (state === grpc.connectivityState.SHUTDOWN) return
        listener(state === grpc.connectivityState.READY)
        channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, (error) => !error && look())
      }
      look()
    },
    connected: (timeoutMs) =>
      new Promise((resolve, reject) => {
        client.waitForReady(new Date(now() + timeoutMs), (error) => (error ? reject(error) : resolve()))
      }),
    close() {
      client.close()
      socket.release()
    },
  }
}

function callUnary<Q, A>(
  client: Client,
  method: string,
  [codec, value]: readonly [Codec<Q>, Q],
  answer: Codec<A>,
  metadata: Metadata,
  { signal, ...options }: { deadline?: Date; signal: AbortSignal | undefined },
): Promise<A> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      method,
      toBuffer(codec),
      answer.decode,
      value,
      metadata,
      options,
      (error, result) => {
        signal?.removeEventListener("abort", cancel)
        if (error) reject(toGrpcError(error))
        else resolve(result as A)
      },
    )
    const cancel = () => call.cancel()
    if (signal?.aborted) cancel()
    else signal?.addEventListener("abort", cancel, { once: true })
  })
}

async function* readStream<A>(call: AsyncIterable<A>, signal: AbortSignal | undefined): AsyncGenerator<A> {
  try {
    for await (const answer of call) yield answer
  } catch (error) {
    if (!signal?.aborted) throw toGrpcError(error as ServiceError)
  }
}

function toBuffer<T>(codec: Codec<T>): (value: T) => Buffer {
  return (value) => {
    const bytes = codec.encode(value)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }
}

function toGrpcError(error: ServiceError): GrpcError {
  const text = error.details ?? error.message
  // containerd answers before it is ready, with a code that says nothing.
  const isStarting = text === "server is not initialized yet"
  return new GrpcError(isStarting ? "Unavailable" : (grpcErrorCodes[error.code] ?? "Unknown"), text)
}
