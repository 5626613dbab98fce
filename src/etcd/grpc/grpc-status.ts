import {
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  LeaseNotFoundError,
  NoSpaceError,
  RequestTooLargeError,
  StoreUnavailableError,
} from "../store.ts"
import { messageOf } from "../../base/message-of.ts"

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const codes = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

export class GrpcError extends Error {
  override readonly name = "GrpcError"
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

// Two refusals that etcd gives a code of their own.
const codeOfMessage: Readonly<Record<string, number>> = {
  "etcdserver: lease already exists": codes.failedPrecondition,
  "etcdserver: too large lease TTL": codes.outOfRange,
}

/** The status that etcd gives for what a store throws. */
export function toGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error
  const message = messageOf(error)
  return new GrpcError(codeOf(error, message), message)
}

function codeOf(error: unknown, message: string): number {
  if (error instanceof CompactedError || error instanceof FutureRevisionError) return codes.outOfRange
  if (error instanceof InvalidRequestError) return codeOfMessage[message] ?? codes.invalidArgument
  if (error instanceof RequestTooLargeError) return codes.invalidArgument
  if (error instanceof LeaseNotFoundError) return codes.notFound
  if (error instanceof NoSpaceError) return codes.resourceExhausted
  if (error instanceof StoreUnavailableError) return codes.unavailable
  return codes.unknown
}

/** What a store would have thrown for the status that an etcd server gave. */
export function fromGrpcStatus(code: number, message: string): Error {
  switch (message) {
    case "etcdserver: mvcc: required revision has been compacted":
      return new CompactedError(0)
    case "etcdserver: mvcc: required revision is a future revision":
      return new FutureRevisionError()
    case "etcdserver: mvcc: database space exceeded":
      return new NoSpaceError()
    case "etcdserver: requested lease not found":
      return new LeaseNotFoundError()
    case "etcdserver: request is too large":
      return new RequestTooLargeError()
    default:
      // The server did not even read it.
      if (code === codes.resourceExhausted && message.includes("message larger than max"))
        return new RequestTooLargeError()
      if (code === codes.invalidArgument || message in codeOfMessage) return new InvalidRequestError(message)
      if (code === codes.unavailable) return new StoreUnavailableError(message)
      return new GrpcError(code, message)
  }
}
