import { parseJson } from "../../apimachinery/codec/json.ts"
import { decodeEnvelope, decodeProtobuf, hasEnvelope } from "../../apimachinery/codec/protobuf.ts"
import { parseYaml } from "../../apimachinery/codec/yaml.ts"
import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import { formatGroupVersion, type KubeObject, parseGroupVersion } from "../../apimachinery/meta.ts"
import { badRequest, unsupportedMediaType } from "../../apimachinery/status-errors.ts"
import { DecodeError, decodeObject } from "../../apimachinery/structural.ts"
import type { RequestContext } from "../context.ts"
import type { FieldValidation } from "../handlers/write-options.ts"
import { headerOf, type RequestBody } from "../http/request.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { BodyKind } from "../registry/view.ts"
import { type Media, mediaTypes } from "./output-format.ts"
import { summarizeBody } from "./summarize-body.ts"

/** As upstream's limit of a request's body: 3 MiB. */
export const maxBodyBytes = 3 * 1024 * 1024

/** The body as the object that the path takes: decoded, defaulted, private to the caller. */
export async function decodeBody(
  context: RequestContext,
  kind: BodyKind,
  fieldValidation: FieldValidation = "Ignore",
): Promise<Mutable> {
  const { body } = context.request
  const strictErrors: string[] | undefined = fieldValidation === "Ignore" ? undefined : []
  if (body.kind === "object")
    return recorded(context, decodeValue(context, copyJson(body.value), kind, fieldValidation))
  const media = inputMedia(context)
  const bytes = await readBytes(context)
  const value = parseAs(media, bytes, kind, strictErrors)
  return recorded(context, decodeValue(context, value, kind, fieldValidation, strictErrors))
}

function recorded(context: RequestContext, body: Mutable): Mutable {
  context.audit?.request(body)
  return body
}

/**
 * A JSON value that is the caller's own, as the object that the path takes.
 *
 * @param found what parsing the text has found already
 */
export function decodeValue(
  context: RequestContext,
  value: unknown,
  kind: BodyKind,
  fieldValidation: FieldValidation,
  found: string[] = [],
): Mutable {
  const decoded = decodeAs(kind, asKind(value, kind), found)
  if (found.length > 0 && fieldValidation === "Strict") {
    throw badRequest(`${cannotBeHandled(kind)}: strict decoding error: ${found.join(", ")}`)
  }
  if (fieldValidation === "Warn") context.warnings.push(...found)
  return applyDefaults(kind.schema, decoded)
}

/** The format of the body, by its Content-Type. Throws StatusError UnsupportedMediaType. */
export function inputMedia({ request }: RequestContext): Media {
  const contentType = headerOf(request.headers, "content-type").split(";")[0]!.trim().toLowerCase()
  if (contentType === "" || contentType === "*/*") return "json"
  const media = (Object.keys(mediaTypes) as Media[]).find((each) => mediaTypes[each] === contentType)
  if (!media) throw unsupportedMediaType(Object.values(mediaTypes))
  return media
}

export async function readBytes({ request: { body } }: RequestContext): Promise<Uint8Array> {
  if (body.kind === "bytes") return body.read(maxBodyBytes)
  return new Uint8Array()
}

/** A body that has been read once, to be read again. */
export function bytesBody(bytes: Uint8Array): RequestBody {
  return { kind: "bytes", read: () => Promise.resolve(bytes) }
}

/** What a body says it is, where a path takes more than one thing. Nothing is said of what cannot be read. */
export function typeOf(
  media: Media,
  bytes: Uint8Array,
): { readonly apiVersion?: unknown; readonly kind?: unknown } {
  try {
    if (media === "protobuf") return decodeEnvelope(bytes)
    const value = media === "json" ? parseJson(bytes) : parseYaml(new TextDecoder().decode(bytes))
    return typeof value === "object" && value !== null ? value : {}
  } catch {
    return {}
  }
}

function parseAs(
  media: Media,
  bytes: Uint8Array,
  kind: BodyKind,
  strictErrors: string[] | undefined,
): unknown {
  try {
    switch (media) {
      case "json":
        return parseJson(bytes, strictErrors)
      case "yaml":
        return parseYaml(new TextDecoder().decode(bytes), strictErrors)
      case "protobuf":
        return parseProtobuf(bytes, kind)
    }
  } catch (error) {
    const why = `couldn't get version/kind; ${media === "protobuf" ? "" : "json parse error: "}${(error as Error).message}`
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): ${why} (${summarizeBody(bytes)})`,
    )
  }
}

/** What the envelope names must be what the path takes: a message says nothing about its own shape. */
function parseProtobuf(bytes: Uint8Array, kind: BodyKind): unknown {
  if (bytes.length === 0) return {}
  if (!hasEnvelope(bytes)) throw new Error("provided data does not appear to be a protobuf message")
  const envelope = decodeEnvelope(bytes)
  if (envelope.contentType !== "" && envelope.contentType !== mediaTypes.protobuf) {
    throw new Error(`unsupported content type ${JSON.stringify(envelope.contentType)} in the envelope`)
  }
  checkKind({ apiVersion: envelope.apiVersion, kind: envelope.kind }, kind)
  return decodeProtobuf(kind.schema, envelope)
}

/** Kind and version may be left out; when told they must be the path's. */
export function asKind(value: unknown, expected: BodyKind): Mutable {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonType(value)} into Go value of type struct`,
    )
  }
  const given = value as Partial<KubeObject>
  checkKind(given, expected)
  return { ...given, kind: expected.kind, apiVersion: formatGroupVersion(expected) } as Mutable
}

function checkKind(
  value: { readonly apiVersion?: unknown; readonly kind?: unknown },
  expected: BodyKind,
): void {
  const text = (each: unknown) => (typeof each === "string" ? each : "")
  const given = { kind: text(value.kind), apiVersion: text(value.apiVersion) }
  const expectedVersion = formatGroupVersion(expected)
  if (given.kind && given.kind !== expected.kind) {
    const { version } = parseGroupVersion(given.apiVersion || expectedVersion)
    throw badRequest(
      `${given.kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: no kind ${JSON.stringify(given.kind)} is registered for version ${JSON.stringify(given.apiVersion || expectedVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    )
  }
  if (given.apiVersion && given.apiVersion !== expectedVersion) {
    throw badRequest(
      `the API version in the data (${given.apiVersion}) does not match the expected API version (${expectedVersion})`,
    )
  }
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

function jsonType(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  return typeof value === "boolean" ? "bool" : typeof value
}
