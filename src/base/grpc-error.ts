/**
 * The codes of https://grpc.io/docs/guides/status-codes/ by their numbers, by which servers tell what kind of failure it
 * is. 0 is none.
 */
export const grpcErrorCodes = [
  undefined,
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
] as const

export type GrpcErrorCode = NonNullable<(typeof grpcErrorCodes)[number]>

export function grpcErrorNumber(code: GrpcErrorCode): number {
  return grpcErrorCodes.indexOf(code)
}

/** `message` reads as Go's gRPC prints errors, which is what upstream's kubelet shows; `description` is the bare text. */
export class GrpcError extends Error {
  override readonly name = "GrpcError"
  readonly code: GrpcErrorCode
  readonly description: string

  constructor(code: GrpcErrorCode, description: string) {
    super(`rpc error: code = ${code} desc = ${description}`)
    this.code = code
    this.description = description
  }
}

export function isGrpcError(error: unknown, ...codes: GrpcErrorCode[]): error is GrpcError {
  return error instanceof GrpcError && (codes.length === 0 || codes.includes(error.code))
}
