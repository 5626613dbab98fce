import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from "../../apimachinery/status-errors.ts"
import { DecodeError, decodeObject } from "../../apimachinery/structural.ts"
import type { FieldValidation } from "../handlers/write-options.ts"
import type { RequestContext } from "../context.ts"
import { headerOf } from "../http/request.ts"
import type { BodyKind } from "../registry/view.ts"
import type { Mutable } from "../registry/strategy.ts"

/** As upstream's `--max-request-body-bytes` is set: 3 MiB. */
export const maxBodyBytes = 3 * 1024 * 1024

/** The body as the object that the path takes: complete in shape, private to the caller. */
export async function decodeBody(
  context: RequestContext,
  kind: BodyKind,
  fieldValidation: FieldValidation = "Ignore",
): Promise<Mutable> {
  return decodeValue(context, await readValue(context), kind, fieldValidation)
}

/** A JSON value that is the caller's own, as the object that the path takes. */
export function decodeValue(
  context: RequestContext,
  value: unknown,
  kind: BodyKind,
  fieldValidation: FieldValidation,
): Mutable {
  const strictErrors: string[] = []
  const decoded = decodeAs(kind, asKind(value, kind), strictErrors)
  if (strictErrors.length > 0 && fieldValidation === "Strict") {
    throw badRequest(`${cannotBeHandled(kind)}: strict decoding error: ${strictErrors.join(", ")}`)
  }
  if (fieldValidation === "Warn") context.warnings.push(...strictErrors)
  return applyDefaults(kind.schema, decoded)
}

function decodeAs(kind: BodyKind, value: Mutable, strictErrors: string[]): Mutable {
  try {
    return decodeObject(kind.schema, value, strictErrors) as Mutable
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`${cannotBeHandled(kind)}: ${error.message}`)
    throw error
  }
}

function cannotBeHandled({ kind, version }: BodyKind): string {
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}`
}

/** The body as a JSON value; undefined when there is none. */
export async function readValue(context: RequestContext): Promise<unknown> {
  const { body, headers } = context.request
  if (body.kind === "object") return copyJson(body.value)
  if (body.kind === "none") return undefined
  if (body.kind === "stream") throw requestEntityTooLarge("streams are not objects")
  const mediaType = headerOf(headers, "content-type").split(";")[0]!.trim().toLowerCase()
  if (mediaType !== "" && mediaType !== "application/json") {
    throw unsupportedMediaType([
      "application/json",
      "application/yaml",
      "application/vnd.kubernetes.protobuf",
    ])
  }
  const text = new TextDecoder().decode(await body.read(maxBodyBytes))
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
}

/** Kind and version may be left out; when told they must be the path's. */
export function asKind(value: unknown, expected: BodyKind): Mutable {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${expected.kind})`)
  }
  const apiVersion = formatGroupVersion(expected)
  const given = value as Partial<KubeObject>
  if (given.apiVersion && given.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion})`,
    )
  }
  if (given.kind && given.kind !== expected.kind) {
    throw badRequest(
      `${given.kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}`,
    )
  }
  return { ...given, kind: expected.kind, apiVersion, metadata: given.metadata ?? {} } as Mutable
}
