import { chmod, mkdir, rm } from "node:fs/promises"
import { dirname } from "node:path"
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  Server,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js"
import { GrpcError, grpcErrorNumber } from "../../grpc-error.ts"
import type { Codec } from "../../protobuf.ts"
import { loadGrpc } from "../load-grpc.ts"
import { reachableSocket } from "./reachable-socket.ts"

/** One method of a service: takes a message and gives one, or many as they come until `signal` aborts. */
export type GrpcMethod =
  | { readonly kind: "unary"; readonly define: (path: string) => Definition; readonly handle: UnaryHandler }
  | { readonly kind: "stream"; readonly define: (path: string) => Definition; readonly handle: StreamHandler }

type UnaryHandler = (request: never) => Promise<unknown>
type StreamHandler = (request: never, signal: AbortSignal) => AsyncIterable<unknown>
type Definition = ServiceDefinition[string]

export interface GrpcServer {
  /** Ends all calls and removes the socket. */
  close(): Promise<void>
}

/** A method with one answer. Throw GrpcError to answer with another code than Unknown. */
export function unaryMethod<Q, A>(
  request: Codec<Q>,
  answer: Codec<A>,
  handle: (request: Q) => Promise<A>,
): GrpcMethod {
  return { kind: "unary", define: (path) => definition(path, request, answer, false), handle }
}

/** A method whose answers go on until the caller has enough. */
export function streamMethod<Q, A>(
  request: Codec<Q>,
  answer: Codec<A>,
  handle: (request: Q, signal: AbortSignal) => AsyncIterable<A>,
): GrpcMethod {
  return { kind: "stream", define: (path) => definition(path, request, answer, true), handle }
}

/**
 * Serves methods, by their full names ("/pluginregistration.Registration/GetInfo"), on a socket that only its owner may
 * use. What lies at `socketPath` is replaced.
 */
export async function serveGrpc(
  socketPath: string,
  methods: Readonly<Record<string, GrpcMethod>>,
): Promise<GrpcServer> {
  const grpc = await loadGrpc()
  await mkdir(dirname(socketPath), { recursive: true })
  await rm(socketPath, { force: true })
  const server = new grpc.Server()
  for (const [path, method] of Object.entries(methods)) {
    const implementation: UntypedServiceImplementation = {
      method: method.kind === "unary" ? answerOnce(method.handle) : answerOften(method.handle),
    }
    server.addService({ method: method.define(path) }, implementation)
  }
  const socket = reachableSocket(socketPath)
  await listen(server, socket.path, grpc.ServerCredentials.createInsecure())
  await chmod(socketPath, 0o600)
  return {
    async close() {
      server.forceShutdown()
      socket.release()
      await rm(socketPath, { force: true })
    },
  }
}

function listen(
  server: Server,
  socketPath: string,
  credentials: Parameters<Server["bindAsync"]>[1],
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, credentials, (error) => (error ? reject(error) : resolve()))
  })
}

function definition<Q, A>(
  path: string,
  request: Codec<Q>,
  answer: Codec<A>,
  responseStream: boolean,
): Definition {
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: (value: Q) => Buffer.from(request.encode(value)),
    requestDeserialize: (bytes: Buffer) => request.decode(bytes),
    responseSerialize: (value: A) => Buffer.from(answer.encode(value)),
    responseDeserialize: (bytes: Buffer) => answer.decode(bytes),
  }
}

function answerOnce(handle: UnaryHandler): handleUnaryCall<unknown, unknown> {
  return (call, reply) => {
    handle(call.request as never).then(
      (answer) => reply(null, answer),
      (error: unknown) => reply(toStatus(error)),
    )
  }
}

function answerOften(handle: StreamHandler): handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    const stop = new AbortController()
    call.on("cancelled", () => stop.abort())
    const write = async () => {
      for await (const answer of handle(call.request as never, stop.signal)) call.write(answer)
      call.end()
    }
    write().catch((error: unknown) => call.emit("error", toStatus(error)))
  }
}

function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof GrpcError) return { code: grpcErrorNumber(error.code), details: error.description }
  return { code: grpcErrorNumber("Unknown"), details: (error as Error).message }
}
