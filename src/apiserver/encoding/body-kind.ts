import { formatGroupVersion, parseGroupVersion } from "../../apimachinery/meta.ts"
import { isRecord } from "../../apimachinery/schema-plan.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import { quote } from "../../base/quote.ts"
import type { Mutable } from "../registry/strategy.ts"
import { apiVersionOf, type BodyKind } from "../registry/view.ts"
import type { ServerParts } from "../server-parts.ts"

/** A body that is not what the path takes, in upstream's words. */
export class BodyError extends Error {
  override readonly name = "BodyError"
  /** What the body says it is, as far as that could be told. */
  readonly given: { readonly kind: string; readonly version: string } | undefined
  /** What is said instead where no text was read, but a document converted. */
  readonly converting: string

  constructor(
    message: string,
    given?: { readonly kind: string; readonly version: string },
    converting: string = message,
  ) {
    super(message)
    this.given = given
    this.converting = converting
  }
}

export const noType = "couldn't get version/kind"

// The type that upstream's program reads a body's type into, as its language prints it.
const goType = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`

/** The value with its type put in. Kind and version may be left out; when told they must be the path's. */
export function asKind(server: ServerParts, value: unknown, expected: BodyKind): Mutable {
  const given = value === null ? {} : value
  if (!isRecord(given)) throw noObject(given)
  for (const name of ["kind", "apiVersion"]) {
    const text = given[name]
    if (text !== undefined && text !== null && typeof text !== "string") {
      const field = `Go struct field .${name} of type string`
      throw new BodyError(
        `${noType}; json parse error: json: cannot unmarshal ${jsonType(text)} into ${field}`,
      )
    }
  }
  checkKind(server, given, expected)
  return { ...given, kind: expected.kind, apiVersion: apiVersionOf(expected) } as unknown as Mutable
}

function noObject(value: unknown): BodyError {
  return new BodyError(
    `${noType}; json parse error: json: cannot unmarshal ${jsonType(value)} into Go value of type ${goType}`,
  )
}

/** Upstream tells where it has looked. */
function unregistered(kind: string, apiVersion: string, expected: BodyKind): string {
  const isOptions = expected.kind === "DeleteOptions"
  const version = isOptions && apiVersion === "v1" ? "meta.k8s.io/v1" : apiVersion
  const scheme = isOptions
    ? "pkg/apis/meta/internalversion/scheme/register.go:27"
    : "pkg/api/legacyscheme/scheme.go:30"
  return `no kind ${quote(kind)} is registered for version ${quote(version)} in scheme "${scheme}"`
}

/** Throws BodyError for what is another thing, StatusError for the right thing in another version. */
export function checkKind(
  server: ServerParts,
  value: { readonly apiVersion?: unknown; readonly kind?: unknown },
  expected: BodyKind,
): void {
  const apiVersion = textOf(value.apiVersion) || apiVersionOf(expected)
  const kind = textOf(value.kind) || expected.kind
  if (kind === expected.kind && apiVersion === apiVersionOf(expected)) return
  if (apiVersion.split("/").length > 2) throw new BodyError(`unexpected GroupVersion string: ${apiVersion}`)
  const { group, version } = parseGroupVersion(apiVersion)
  const given = { kind, version }
  // Options are read by a decoder that knows no objects.
  if (expected.kind === "DeleteOptions" || !isKnown(server, apiVersion, kind)) {
    throw new BodyError(unregistered(kind, apiVersion, expected), given)
  }
  if (kind === expected.kind && group === expected.group) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(expected)})`,
    )
  }
  const packageName = expected.group.split(".")[0] || "core"
  throw new BodyError(
    `converting (${version}.${kind}) to (${packageName}.${expected.kind}): unknown conversion`,
    given,
  )
}

function isKnown({ resources }: ServerParts, apiVersion: string, kind: string): boolean {
  return resources
    .all()
    .some(
      ({ resource }) =>
        formatGroupVersion(resource) === apiVersion && (resource.kind === kind || resource.listKind === kind),
    )
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : ""
}

/** As Go's JSON decoder names what it found. */
export function jsonType(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  return typeof value === "boolean" ? "bool" : typeof value === "bigint" ? "number" : typeof value
}
