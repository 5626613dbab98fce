/**
 * gRPC over Node's own HTTP/2: what a server needs of it is little (a length before each message, a status in the
 * trailers), and doing just that answers two to three times as many calls as the general library.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2"
import type { AddressInfo } from "node:net"
import type { Codec } from "../../base/protobuf.ts"
import { codes, GrpcError, toGrpcError } from "./grpc-status.ts"
import { frameMessage, MessageReader } from "./message-frames.ts"

/** One method, called by clients as `/package.Service/Name`. */
export type Method =
  | {
      readonly kind: "unary"
      readonly run: (request: Uint8Array) => Promise<Uint8Array>
    }
  | { readonly kind: "stream"; readonly run: (call: StreamCall<Uint8Array, Uint8Array>) => Promise<void> }

export interface StreamCall<Q, A> {
  /** Ends when the client has said all it wanted to. */
  readonly requests: AsyncIterable<Q>
  /** Resolves when there is room for more. */
  readonly send: (answer: A) => Promise<void>
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

export function unary<Q, A>(request: Codec<Q>, answer: Codec<A>, handle: (request: Q) => Promise<A>): Method {
  return { kind: "unary", run: async (bytes) => answer.encode(await handle(request.decode(bytes))) }
}

/** Any number of requests and answers, in both directions. Resolving ends the call well. */
export function stream<Q, A>(
  request: Codec<Q>,
  answer: Codec<A>,
  handle: (call: StreamCall<Q, A>) => Promise<void>,
): Method {
  return {
    kind: "stream",
    run: ({ requests, send, signal }) =>
      handle({
        requests: decodeAll(request, requests),
        send: (message) => send(answer.encode(message)),
        signal,
      }),
  }
}

async function* decodeAll<Q>(codec: Codec<Q>, messages: AsyncIterable<Uint8Array>): AsyncGenerator<Q> {
  for await (const message of messages) yield codec.decode(message)
}

export interface GrpcServerOptions {
  readonly methods: Readonly<Record<string, Method>>
  /** Certificates and keys as for `tls.createServer`. @default no encryption */
  readonly tls?: SecureServerOptions | undefined
  /** Larger requests are refused. @default 2 MiB, as etcd's */
  readonly maxRequestBytes?: number
}

export interface GrpcServer {
  /** Port 0 picks a free one. Resolves to the port. */
  listen(port: number, host: string): Promise<number>
  close(): Promise<void>
}

const window = 1 << 20

export function createGrpcServer({ methods, tls, maxRequestBytes = 2 << 20 }: GrpcServerOptions): GrpcServer {
  const settings = { initialWindowSize: window }
  const server: Http2Server =
    tls === undefined
      ? createServer({ settings })
      : createSecureServer({ ...tls, settings, allowHTTP1: false })
  const sessions = new Set<ServerHttp2Session>()
  server.on("session", (session: ServerHttp2Session) => {
    sessions.add(session)
    session.setLocalWindowSize?.(4 * window)
    session.on("close", () => sessions.delete(session))
    // A broken connection shows in its streams; nobody else asks.
    session.on("error", () => {})
  })
  server.on("stream", (http2Stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const method = methods[String(headers[":path"])]
    void serveStream(http2Stream, method, String(headers[":path"]), maxRequestBytes)
  })
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject)
        server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}

async function serveStream(
  http2Stream: ServerHttp2Stream,
  method: Method | undefined,
  path: string,
  maxRequestBytes: number,
): Promise<void> {
  http2Stream.on("error", () => {})
  try {
    if (method === undefined) throw new GrpcError(codes.unimplemented, `unknown method ${path}`)
    if (method.kind === "unary") {
      const answer = await method.run(await readMessage(http2Stream, maxRequestBytes))
      if (http2Stream.destroyed) return
      startAnswer(http2Stream)
      http2Stream.end(frameMessage(answer))
    } else {
      const requests = readMessages(http2Stream, maxRequestBytes)
      const send = (answer: Uint8Array) => sendMessage(http2Stream, answer)
      const abort = new AbortController()
      http2Stream.on("close", () => abort.abort(clientIsGone))
      await method.run({ requests, send, signal: abort.signal })
      if (http2Stream.destroyed) return
      startAnswer(http2Stream)
      http2Stream.end()
    }
  } catch (error) {
    fail(http2Stream, toGrpcError(error))
  }
}

function startAnswer(
  http2Stream: ServerHttp2Stream,
  status: { code: number; message: string } = success,
): void {
  if (http2Stream.headersSent) return
  http2Stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
  http2Stream.on("wantTrailers", () => http2Stream.sendTrailers(trailers(status)))
}

// Made once: an error of its own for each ended stream would cost more than the rest of a call.
const clientIsGone = new GrpcError(codes.cancelled, "the client is gone")
const requestIsMissing = new GrpcError(codes.invalidArgument, "the request is missing")

const success = { code: codes.ok, message: "" }

function sendMessage(http2Stream: ServerHttp2Stream, answer: Uint8Array): Promise<void> {
  startAnswer(http2Stream)
  return new Promise((resolve) => {
    if (http2Stream.destroyed || http2Stream.write(frameMessage(answer))) return resolve()
    const done = () => {
      http2Stream.off("drain", done)
      http2Stream.off("close", done)
      resolve()
    }
    http2Stream.on("drain", done)
    http2Stream.on("close", done)
  })
}

function fail(http2Stream: ServerHttp2Stream, error: GrpcError): void {
  if (http2Stream.destroyed) return
  if (!http2Stream.headersSent) {
    const headers = { ":status": 200, "content-type": "application/grpc", ...trailers(error) }
    http2Stream.respond(headers, { endStream: true })
    return
  }
  http2Stream.removeAllListeners("wantTrailers")
  http2Stream.on("wantTrailers", () => http2Stream.sendTrailers(trailers(error)))
  http2Stream.end()
}

function trailers({ code, message }: { code: number; message: string }): Record<string, string> {
  const text = encodeURIComponent(message).replaceAll("%20", " ").replaceAll("%3A", ":")
  return { "grpc-status": String(code), ...(message !== "" && { "grpc-message": text }) }
}

/** The one request of a unary call. */
function readMessage(http2Stream: ServerHttp2Stream, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const reader = new MessageReader(maxBytes)
    let message: Uint8Array | undefined
    http2Stream.on("data", (chunk: Buffer) => {
      try {
        message ??= reader.push(chunk)[0]
      } catch (error) {
        reject(toGrpcError(error))
      }
    })
    const missing = () => reject(requestIsMissing)
    http2Stream.on("end", () => (message === undefined ? missing() : resolve(message)))
    http2Stream.on("close", missing)
  })
}

async function* readMessages(http2Stream: ServerHttp2Stream, maxBytes: number): AsyncGenerator<Uint8Array> {
  const reader = new MessageReader(maxBytes)
  // The client's last word must not end the stream: the answers go on.
  for await (const chunk of http2Stream.iterator({ destroyOnReturn: false })) yield* reader.push(chunk)
}
