import { StatusError } from "../../apimachinery/status-error.ts"
import { notAcceptable } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { headerOf } from "../http/request.ts"
import { type Media, mediaTypes, type OutputFormat, type OutputKind, plainJson } from "./output-format.ts"

const formatted: readonly Media[] = ["json", "yaml", "protobuf"]
/** YAML has no frames, so it cannot stream. */
const streamed: readonly Media[] = ["json", "protobuf"]
const types = formatted.map((media) => mediaTypes[media])
const streamTypes = streamed.map((media) => `${mediaTypes[media]};stream=watch`)

/**
 * Chooses the format by the Accept header, after `requireKnownType`: the first of its clauses that can be met, best quality
 * first. Throws StatusError NotAcceptable (https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources).
 */
export function negotiate(
  { request }: Pick<RequestContext, "request">,
  { mayTransform = true, isCustom = false }: NegotiateOptions = {},
): OutputFormat {
  const chosen = findFormat(request, mayTransform, isCustom)
  if (!chosen) throw notAcceptable(types)
  return chosen
}

/** A watch's format is chosen as for any answer; that it cannot stream is found out afterwards. */
export function requireStream({ media }: OutputFormat): void {
  if (!streamed.includes(media)) throw notAcceptable(streamTypes)
}

/**
 * Upstream's router looks first, at the bare types, before anybody understands what else a clause says. Throws StatusError
 * NotAcceptable.
 *
 * @param isCollection the path can be watched, whether or not it is
 */
export function requireKnownType({ headers }: RequestContext["request"], isCollection: boolean): void {
  const accept = headerOf(headers, "accept")
  if (accept === "") return
  const bare = accept.split(",").map((clause) => clause.split(";")[0]!.trim())
  if (bare.some((type) => type === "*/*" || types.includes(type))) return
  const available = isCollection ? [...types, ...streamTypes] : types
  const message = `406: Not Acceptable\n\nAvailable representations: ${available.join(", ")}`
  throw new StatusError("NotAcceptable", message, { details: {} })
}

/** The format of a failure: JSON where nothing can be agreed on, since what failed matters more. */
export function negotiateForFailure(request: RequestContext["request"]): OutputFormat {
  return findFormat(request, false) ?? plainJson
}

function findFormat(
  { headers, query }: RequestContext["request"],
  mayTransform: boolean,
  isCustom = false,
): OutputFormat | undefined {
  const accept = headerOf(headers, "accept")
  const pretty = wantsPretty(query, headerOf(headers, "user-agent"))
  if (accept === "") return { media: "json", pretty }
  for (const clause of parseAccept(accept)) {
    const offered = formatted.filter((media) => matches(clause, mediaTypes[media]))
    for (const media of offered) {
      const chosen = meet(media, clause, pretty)
      if (!chosen || (chosen.as ? !mayTransform : isCustom && media === "protobuf")) continue
      return chosen
    }
  }
  return undefined
}

export interface NegotiateOptions {
  /** A table or the metadata alone can be made of the answer. @default true */
  readonly mayTransform?: boolean
  /** A custom resource: there is no message for it, though there is one for its metadata alone. @default false */
  readonly isCustom?: boolean
}

interface Clause {
  readonly type: string
  readonly subtype: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

/** The clauses that can be read, best first; of equal ones those that name a type come before those that take any. */
function parseAccept(accept: string): Clause[] {
  const clauses = accept.split(",").flatMap((text) => parseClause(text) ?? [])
  return clauses.sort((a, b) => b.quality - a.quality || wildcards(a) - wildcards(b))
}

function parseClause(text: string): Clause | undefined {
  const [range = "", ...rest] = text.split(";")
  const [type = "", subtype = "", ...more] = range.split("/").map((part) => part.trim())
  if (more.length > 0 || (subtype === "" && type !== "*")) return undefined
  const parameters = new Map<string, string>()
  let quality = 1
  for (const part of rest) {
    const [name = "", value = "", ...others] = part.split("=").map((each) => each.trim())
    if (value === "" || others.length > 0) continue
    // What is no number counts as nothing: last, but not refused.
    if (name === "q") quality = Number(value) || 0
    else parameters.set(name, value.replaceAll('"', ""))
  }
  return { type, subtype: subtype || "*", parameters, quality }
}

function wildcards({ type, subtype }: Clause): number {
  return (type === "*" ? 2 : 0) + (subtype === "*" ? 1 : 0)
}

function matches({ type, subtype }: Clause, offered: string): boolean {
  const [offeredType, offeredSubtype] = offered.split("/")
  if (type === "*") return subtype === "*"
  return type === offeredType && (subtype === "*" || subtype === offeredSubtype)
}

/**
 * Undefined when the clause asks for something that is not known here: the next one may be met. Parameters that mean
 * nothing here are passed over.
 */
function meet(media: Media, { parameters }: Clause, pretty: boolean): OutputFormat | undefined {
  const stream = parameters.get("stream")
  if (stream !== undefined && (stream !== "watch" || !streamed.includes(media))) return undefined
  if (parameters.has("sv") && parameters.get("sv") !== "v1") return undefined
  const wantsIndent = pretty || parameters.get("pretty") === "1"
  const [as, group, version] = ["as", "g", "v"].map((name) => parameters.get(name))
  if (as === undefined && group === undefined && version === undefined) return { media, pretty: wantsIndent }
  const kind = outputKind(as ?? "", group ?? "", version ?? "")
  // A Table has cells of any type, which protobuf has no message for.
  if (!kind || (kind.kind === "Table" && media === "protobuf")) return undefined
  return { media, pretty: wantsIndent, as: kind }
}

function outputKind(kind: string, group: string, version: string): OutputKind | undefined {
  if (group !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined
  if (kind !== "Table" && kind !== "PartialObjectMetadata" && kind !== "PartialObjectMetadataList")
    return undefined
  return { kind, version }
}

/** People who look with a browser or curl get lines, programs do not. */
function wantsPretty(query: URLSearchParams, userAgent: string): boolean {
  const pretty = query.get("pretty")
  if (pretty) return goTrue.has(pretty)
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent)
}

/** What Go reads as true. */
const goTrue = new Set(["1", "t", "T", "TRUE", "true", "True"])
