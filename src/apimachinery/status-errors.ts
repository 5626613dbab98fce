import { quote } from "../base/quote.ts"
import { groupResource } from "./resource.ts"
import { type StatusCause, type StatusDetails, StatusError, type StatusReason } from "./status-error.ts"
import { messageOf } from "../base/message-of.ts"

/** What a message names: a resource, or `{ group, plural }` of one that is not served. */
export interface NamedResource {
  readonly group: string
  readonly plural: string
}

// Constructors of every failure an API server answers with, in upstream's words
// (https://pkg.go.dev/k8s.io/apimachinery/pkg/api/errors).

function detailsOf(resource: NamedResource, name: string, more?: StatusDetails): StatusDetails {
  return {
    ...(name && { name }),
    ...(resource.group && { group: resource.group }),
    ...(resource.plural && { kind: resource.plural }),
    ...more,
  }
}

const retryAfter = (seconds: number): StatusDetails => (seconds ? { retryAfterSeconds: seconds } : {})

export function notFound(resource: NamedResource, name: string): StatusError {
  return new StatusError("NotFound", `${groupResource(resource)} ${quote(name)} not found`, {
    details: detailsOf(resource, name),
  })
}

export function alreadyExists(resource: NamedResource, name: string): StatusError {
  return new StatusError("AlreadyExists", `${groupResource(resource)} ${quote(name)} already exists`, {
    details: detailsOf(resource, name),
  })
}

/** Every name that was generated is taken; the client should try again. */
export function generateNameConflict(
  resource: NamedResource,
  name: string,
  retryAfterSeconds: number,
): StatusError {
  const message = `${groupResource(resource)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`
  return new StatusError("AlreadyExists", message, {
    details: detailsOf(resource, name, retryAfter(retryAfterSeconds)),
  })
}

export function conflict(resource: NamedResource, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${groupResource(resource)} ${quote(name)}: ${why}`
  return new StatusError("Conflict", message, { details: detailsOf(resource, name) })
}

/** What `conflict` says when the resourceVersion of an update is not the current one. */
export const staleObject =
  "the object has been modified; please apply your changes to the latest version and try again"

/** Server-side apply met fields that others own. */
export function applyConflict(message: string, causes: readonly StatusCause[]): StatusError {
  return new StatusError("Conflict", message, { details: { causes } })
}

export function unauthorized(message = ""): StatusError {
  return new StatusError("Unauthorized", message || "not authorized")
}

/** For an authenticated user who may not, or an admission plugin that refuses. `resource` is absent for plain paths. */
export function forbidden(resource: NamedResource | undefined, name: string, why: string): StatusError {
  const details = resource ? detailsOf(resource, name) : {}
  if (!resource || (!resource.group && !resource.plural)) {
    return new StatusError("Forbidden", `forbidden: ${why}`, { details })
  }
  const subject = name ? `${groupResource(resource)} ${quote(name)}` : groupResource(resource)
  return new StatusError("Forbidden", `${subject} is forbidden: ${why}`, { details })
}

export function badRequest(message: string): StatusError {
  return new StatusError("BadRequest", message)
}

export function methodNotSupported(resource: NamedResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quote(groupResource(resource))}`
  return new StatusError("MethodNotAllowed", message, { details: detailsOf(resource, "") })
}

/** None of the offered media types suits the client's Accept header. */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return new StatusError(
    "NotAcceptable",
    `only the following media types are accepted: ${accepted.join(", ")}`,
  )
}

export function unsupportedMediaType(supported: readonly string[]): StatusError {
  const list = supported.join(", ")
  return new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${list}`,
  )
}

/** The version asked for is no longer kept. */
export function gone(message: string): StatusError {
  return new StatusError("Gone", message)
}

/** The version or the continue token is too old; the client must start over. */
export function expired(message: string): StatusError {
  return new StatusError("Expired", message)
}

/** Says when to come back: an eviction that a budget forbids, a busy endpoint. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError("TooManyRequests", message, { details: retryAfter(retryAfterSeconds) })
}

/** The server as a whole has more to do than it can. */
export function tooManyRequestsOverall(message: string): StatusError {
  return new StatusError("TooManyRequests", `Too many requests: ${message}`)
}

export function requestEntityTooLarge(message: string): StatusError {
  return new StatusError("RequestEntityTooLarge", `Request entity too large: ${message}`)
}

export function serviceUnavailable(message: string): StatusError {
  return new StatusError("ServiceUnavailable", message)
}

/** A transient failure inside; the operation did not happen and may be tried again. */
export function serverTimeout(
  resource: NamedResource,
  operation: string,
  retryAfterSeconds: number,
): StatusError {
  const message = `The ${operation} operation against ${groupResource(resource)} could not be completed at this time, please try again.`
  return new StatusError("ServerTimeout", message, {
    code: 500,
    details: detailsOf(resource, operation, retryAfter(retryAfterSeconds)),
  })
}

/** The request's deadline passed; the operation may still happen. */
export function timeout(message: string, retryAfterSeconds = 0): StatusError {
  return new StatusError("Timeout", `Timeout: ${message}`, { details: retryAfter(retryAfterSeconds) })
}

export function internalError(cause: unknown): StatusError {
  const message = messageOf(cause)
  return new StatusError("InternalError", `Internal error occurred: ${message}`, {
    details: { causes: [{ message }] },
    cause,
  })
}

/** What upstream passes on as it came, with no reason of its own: 500, and the text alone. */
export function unexplained(cause: Error): StatusError {
  return new StatusError("Unknown", cause.message, { code: 500, cause })
}

const generic: Readonly<Record<number, readonly [StatusReason, string]>> = {
  400: ["BadRequest", "the server rejected our request for an unknown reason"],
  401: ["Unauthorized", "the server has asked for the client to provide credentials"],
  404: ["NotFound", "the server could not find the requested resource"],
  405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
  406: ["NotAcceptable", "the server was unable to respond with a content type that the client supports"],
  409: ["Conflict", "the server reported a conflict"],
  422: ["Invalid", "the server rejected our request due to an error in our request"],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: [
    "Timeout",
    "the server was unable to return a response in the time allotted, but may still be processing the request",
  ],
}

/** A path below a served group that is none. */
export function noSuchPath(): StatusError {
  return new StatusError("NotFound", generic[404]![1], { details: {} })
}

/** A method that means nothing at a path that there is. */
export function noSuchMethod(): StatusError {
  return new StatusError("MethodNotAllowed", generic[405]![1], { details: {} })
}

/** For clients: a failure whose body was no Status. Also what upstream's mux answers for paths that are not served. */
export function genericFailure(code: number, body: string, details?: StatusDetails): StatusError {
  const known = generic[code]
  const reason: StatusReason =
    known?.[0] ?? (code === 403 ? "Forbidden" : code >= 500 ? "InternalError" : "Unknown")
  return new StatusError(reason, known?.[1] ?? genericMessage(code, body), {
    code,
    details: { ...details, causes: [{ reason: "UnexpectedServerResponse", message: body }] },
  })
}

function genericMessage(code: number, body: string): string {
  if (code === 403 || code === 415) return body
  if (code >= 500) return `an error on the server (${quote(body)}) has prevented the request from succeeding`
  return `the server responded with the status code ${code} but did not return more information`
}
