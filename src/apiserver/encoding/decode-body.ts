import { inOrderOfText, parseJson } from "../../apimachinery/codec/json.ts"
import { decodeEnvelope, decodeProtobuf, hasEnvelope } from "../../apimachinery/codec/protobuf.ts"
import { parseYaml } from "../../apimachinery/codec/yaml.ts"
import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest, unsupportedMediaType } from "../../apimachinery/status-errors.ts"
import { DecodeError, decodeObject } from "../../apimachinery/structural.ts"
import { quote } from "../../base/quote.ts"
import type { RequestContext } from "../context.ts"
import type { FieldValidation } from "../handlers/write-options.ts"
import { headerOf, type RequestBody } from "../http/request.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { BodyKind } from "../registry/view.ts"
import type { ServerParts } from "../server-parts.ts"
import { asKind, BodyError, checkKind, noType } from "./body-kind.ts"
import { type Media, mediaTypes } from "./output-format.ts"
import { summarizeBody } from "./summarize-body.ts"

/** As upstream's limit of a request's body: 3 MiB. */
export const maxBodyBytes = 3 * 1024 * 1024

/** The body as the object that the path takes: decoded, defaulted, private to the caller. */
export async function decodeBody(
  context: RequestContext,
  kind: BodyKind,
  fieldValidation: FieldValidation = "Ignore",
  refuse: (error: BodyError, kind: BodyKind, bytes: Uint8Array) => StatusError = unreadable,
): Promise<Mutable> {
  const { body } = context.request
  const found: string[] = []
  const media = body.kind === "object" ? undefined : inputMedia(context)
  const bytes = await readBytes(context)
  try {
    const value = body.kind === "object" ? copyJson(body.value) : parseAs(context, media!, bytes, kind, found)
    const decoded = decodeValue(context.server, value, kind, found)
    if (media === "yaml") found.sort(byField)
    // Custom resources are parsed first and compared with their schema later, upstream too.
    const isMixed = found.length > 1 && media === "json" && kind.schema.name !== undefined
    return finish(context, kind, decoded, fieldValidation, isMixed ? inOrderOfText(bytes, found) : found)
  } catch (error) {
    if (error instanceof BodyError) throw refuse(error, kind, bytes)
    throw error
  }
}

function finish(
  context: RequestContext,
  kind: BodyKind,
  decoded: Mutable,
  fieldValidation: FieldValidation,
  found: readonly string[],
): Mutable {
  if (found.length > 0 && fieldValidation === "Strict") {
    throw new BodyError(strictMessage(found), kind)
  }
  if (fieldValidation === "Warn") context.warnings.push(...found.flatMap(yamlLines))
  const complete = applyDefaults(kind.schema, decoded)
  context.audit?.request(complete)
  return complete
}

/** Upstream makes JSON of YAML first, with the members of each object by name. */
function byField(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => /^unknown field "(.*)"$/.exec(text)?.[1]?.replaceAll(".", "\0"))
  if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1
  return left < right ? -1 : 1
}

export function strictMessage(found: readonly string[]): string {
  return `strict decoding error: ${found.join(", ")}`
}

/** What a YAML parser found in several lines is told line by line. */
export function yamlLines(found: string): string[] {
  const lines = found.replace(/^(error converting YAML to JSON: )?yaml: unmarshal errors:\n/, "")
  return lines === found ? [found] : lines.split("\n").map((line) => line.trim())
}

/** Upstream names the kind when it got so far, and shows the beginning of the body when it did not. */
function unreadable({ message, given }: BodyError, { kind }: BodyKind, bytes: Uint8Array): StatusError {
  return badRequest(
    given
      ? `${given.kind} in version ${quote(given.version)} cannot be handled as a ${kind}: ${message}`
      : `the object provided is unrecognized (must be of type ${kind}): ${message} (${summarizeBody(bytes)})`,
  )
}

/**
 * A JSON value that is the caller's own, as the object that the path takes. Without defaults. Throws BodyError, or
 * StatusError for another version of the kind.
 *
 * @param found collects unknown fields; holds already what parsing the text has found
 */
export function decodeValue(server: ServerParts, value: unknown, kind: BodyKind, found: string[]): Mutable {
  try {
    const typed = asKind(server, value, kind)
    const decoded = decodeObject(kind.schema, typed, found) as Mutable
    // An empty list is as good as none, but for this one, where it is a wish.
    if (typed.metadata?.managedFields?.length === 0) decoded.metadata.managedFields = []
    normalize(kind, decoded)
    return decoded
  } catch (error) {
    if (error instanceof DecodeError) throw new BodyError(error.message, kind, error.converting)
    throw error
  }
}

function normalize(kind: BodyKind, object: Mutable): void {
  try {
    kind.normalize?.(object)
  } catch (error) {
    throw new BodyError((error as Error).message, kind)
  }
}

/** The format of the body, by its Content-Type. Throws StatusError UnsupportedMediaType. */
export function inputMedia({ request }: RequestContext): Media {
  const header = headerOf(request.headers, "content-type")
  if (header === "") return "json"
  const contentType = wellFormed.test(header) ? header.split(";")[0]!.trim().toLowerCase() : ""
  const media = (Object.keys(mediaTypes) as Media[]).find((each) => mediaTypes[each] === contentType)
  if (!media) throw unsupportedMediaType(Object.values(mediaTypes))
  return media
}

const wellFormed = /^[^;]+(;\s*[^\s;="]+=("[^"]*"|[^;"]+))*\s*;?\s*$/

export async function readBytes(context: RequestContext): Promise<Uint8Array> {
  const { body } = context.request
  if (body.kind !== "bytes") return new Uint8Array()
  const bytes = await body.read(maxBodyBytes)
  context.server.metrics.requests.bodyRead(context, bytes.length)
  return bytes
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
  { server }: RequestContext,
  media: Media,
  bytes: Uint8Array,
  kind: BodyKind,
  found: string[],
): unknown {
  try {
    switch (media) {
      case "json":
        return parseJson(bytes, found)
      case "yaml":
        return parseYaml(new TextDecoder().decode(bytes), found)
      case "protobuf":
        return parseProtobuf(server, bytes, kind)
    }
  } catch (error) {
    if (error instanceof BodyError || error instanceof StatusError) throw error
    const { message } = error as Error
    throw new BodyError(media === "json" ? `${noType}; json parse error: ${message}` : message)
  }
}

const noEnvelope = "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"

/** What the envelope names must be what the path takes: a message says nothing about its own shape. */
function parseProtobuf(server: ServerParts, bytes: Uint8Array, kind: BodyKind): unknown {
  if (bytes.length === 0) return {}
  if (!hasEnvelope(bytes)) throw new Error(noEnvelope)
  const envelope = decodeEnvelope(bytes)
  if (envelope.contentType !== "" && envelope.contentType !== mediaTypes.protobuf) {
    throw new Error(`unsupported content type ${JSON.stringify(envelope.contentType)} in the envelope`)
  }
  checkKind(server, { apiVersion: envelope.apiVersion, kind: envelope.kind }, kind)
  return decodeProtobuf(kind.schema, envelope)
}
