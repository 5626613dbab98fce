/** The closed list of reasons of an API failure (https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#StatusReason). */
export type StatusReason =
  | "Unauthorized"
  | "Forbidden"
  | "NotFound"
  | "AlreadyExists"
  | "Conflict"
  | "Gone"
  | "Invalid"
  | "ServerTimeout"
  | "StoreReadError"
  | "Timeout"
  | "TooManyRequests"
  | "BadRequest"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "RequestEntityTooLarge"
  | "UnsupportedMediaType"
  | "InternalError"
  | "Expired"
  | "ServiceUnavailable"
  | "Unknown"

const codes: Readonly<Record<StatusReason, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 504, // upstream answers 500 from NewServerTimeout and 504 from NewTimeoutError; see constructors
  StoreReadError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  Unknown: 500,
}

export interface StatusCause {
  readonly reason?: string
  readonly message?: string
  readonly field?: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly StatusCause[]
  readonly retryAfterSeconds?: number
}

/** The `Status` object as it travels. */
export interface Status {
  readonly kind: "Status"
  readonly apiVersion: "v1"
  readonly metadata: Record<string, unknown>
  readonly status?: "Success" | "Failure"
  readonly message?: string
  readonly reason?: StatusReason | ""
  readonly details?: StatusDetails
  readonly code?: number
}

/** The one error that crosses the API: thrown anywhere on the request path, encoded once at its outside. */
export class StatusError extends Error {
  override readonly name = "StatusError"
  readonly reason: StatusReason
  readonly code: number
  readonly details: StatusDetails | undefined

  constructor(
    reason: StatusReason,
    message: string,
    options: { details?: StatusDetails; code?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.reason = reason
    this.code = options.code ?? codes[reason]
    this.details = options.details
  }

  static fromStatus(status: Status): StatusError {
    const reason = status.reason || "Unknown"
    return new StatusError(reason, status.message ?? reason, {
      ...(status.details && { details: status.details }),
      code: status.code ?? codes[reason] ?? 500,
    })
  }

  toStatus(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      // Upstream's unknown reason is the empty one.
      ...(this.reason !== "Unknown" && { reason: this.reason }),
      ...(this.details && { details: this.details }),
      code: this.code,
    }
  }
}

export function isStatusError(error: unknown, ...reasons: StatusReason[]): error is StatusError {
  return error instanceof StatusError && (reasons.length === 0 || reasons.includes(error.reason))
}

/** For `.catch(ignoreNotFound)` on a get or delete: absence is an answer. */
export function ignoreNotFound(error: unknown): undefined {
  if (isStatusError(error, "NotFound")) return undefined
  throw error
}

/** For `.catch(ignoreAlreadyExists)` on a create with a deterministic name: somebody, maybe we, made it before. */
export function ignoreAlreadyExists(error: unknown): undefined {
  if (isStatusError(error, "AlreadyExists")) return undefined
  throw error
}

/** For `.catch(ignoreConflict)`: a newer version exists and its event will wake us again. */
export function ignoreConflict(error: unknown): undefined {
  if (isStatusError(error, "Conflict")) return undefined
  throw error
}
