import { notAcceptable } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { headerOf } from "../http/request.ts"
import { isTrue } from "../request-info.ts"
import { type Media, mediaTypes, type OutputFormat, type OutputKind } from "./output-format.ts"

const formatted: readonly Media[] = ["json", "yaml", "protobuf"]
/** YAML has no frames, so it cannot stream. */
const streamed: readonly Media[] = ["json", "protobuf"]

/**
 * Chooses the format by the Accept header: the first of its clauses that can be met, best quality first. Throws
 * StatusError NotAcceptable (https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources).
 */
export function negotiate(
  { request }: Pick<RequestContext, "request">,
  { isStream = false, mayTransform = true }: NegotiateOptions = {},
): OutputFormat {
  const accept = headerOf(request.headers, "accept")
  const offered = isStream ? streamed : formatted
  const pretty = wantsPretty(request.query, headerOf(request.headers, "user-agent"))
  if (accept === "") return { media: "json", pretty }
  for (const clause of parseAccept(accept)) {
    const media = offered.find((each) => matches(clause.type, mediaTypes[each]))
    const chosen = media && meet(media, clause, pretty)
    if (chosen && (mayTransform || !chosen.as)) return chosen
  }
  throw notAcceptable(
    offered.map((media) => (isStream ? `${mediaTypes[media]};stream=watch` : mediaTypes[media])),
  )
}

export interface NegotiateOptions {
  /** A watch. @default false */
  readonly isStream?: boolean
  /** A table or the metadata alone can be made of the answer. @default true */
  readonly mayTransform?: boolean
}

interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

function parseAccept(accept: string): Clause[] {
  const clauses = accept.split(",").map((text): Clause => {
    const [type = "", ...rest] = text.split(";").map((part) => part.trim())
    const parameters = new Map<string, string>()
    for (const part of rest) {
      const equals = part.indexOf("=")
      if (equals > 0)
        parameters.set(part.slice(0, equals).toLowerCase(), part.slice(equals + 1).replaceAll('"', ""))
    }
    const quality = Number(parameters.get("q") ?? 1)
    parameters.delete("q")
    return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality }
  })
  return clauses.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality)
}

function matches(wanted: string, offered: string): boolean {
  return wanted === offered || wanted === "*/*" || wanted === `${offered.split("/")[0]}/*`
}

/** Undefined when the clause asks for something that is not known here: the next one may be met. */
function meet(media: Media, { parameters }: Clause, pretty: boolean): OutputFormat | undefined {
  let wantsIndent = pretty
  for (const [name, value] of parameters) {
    if (name === "pretty") wantsIndent = value === "1"
    else if (name === "stream") {
      if (value !== "watch") return undefined
    } else if (name === "charset") {
      if (value.toLowerCase() !== "utf-8") return undefined
    } else if (name !== "as" && name !== "g" && name !== "v") return undefined
  }
  const as = parameters.get("as")
  if (as === undefined) return { media, pretty: wantsIndent }
  const kind = outputKind(as, parameters.get("g") ?? "", parameters.get("v") ?? "")
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
  if (pretty !== null) return isTrue(pretty)
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent)
}
