import { quote } from "../../../base/quote.ts"
import { isRequestUri } from "../../json-schema/request-uri.ts"
import { ValueList, ValueMap } from "../values/collections.ts"
import { CelError, type CelOpaque, type CelResult } from "../values/value.ts"
import { overload } from "./function.ts"

/** A URL in its parts, escaped as it was written. */
class CelUrl implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "kubernetes.URL"
  readonly text: string
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string

  constructor(text: string) {
    const [, scheme = "", authority = "", path = "", query = ""] =
      /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(text) ?? []
    this.text = text
    this.scheme = scheme.toLowerCase()
    this.host = authority.slice(authority.lastIndexOf("@") + 1)
    this.path = path
    this.query = query
  }

  get hostname(): string {
    const literal = /^\[(.*)\]/.exec(this.host)
    return literal ? (literal[1] ?? "") : this.host.replace(/:[0-9]*$/, "")
  }

  get port(): string {
    return /:([0-9]*)$/.exec(this.host.replace(/^\[.*\]/, ""))?.[1] ?? ""
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelUrl && other.text === this.text
  }
}

export const urlFunctions = [
  overload("string_to_url", "url(string): kubernetes.URL", parseUrl),
  overload("is_url_string", "isURL(string): bool", isRequestUri),
  overload("url_get_scheme", "kubernetes.URL.getScheme(): string", ({ scheme }: CelUrl) => scheme),
  overload("url_get_host", "kubernetes.URL.getHost(): string", ({ host }: CelUrl) => host),
  overload("url_get_hostname", "kubernetes.URL.getHostname(): string", ({ hostname }: CelUrl) => hostname),
  overload("url_get_port", "kubernetes.URL.getPort(): string", ({ port }: CelUrl) => port),
  overload("url_get_escaped_path", "kubernetes.URL.getEscapedPath(): string", ({ path }: CelUrl) => path),
  overload("url_get_query", "kubernetes.URL.getQuery(): map(string, list(string))", queryOf),
]

function parseUrl(text: string): CelResult {
  if (isRequestUri(text)) return new CelUrl(text)
  const why = text === "" ? "empty url" : "invalid URI for request"
  return new CelError(`URL parse error during conversion from string: parse ${quote(text)}: ${why}`)
}

// What cannot be decoded is left out.
function queryOf({ query }: CelUrl): CelResult {
  const members = new Map<string, string[]>()
  for (const part of query.split("&").filter((each) => each !== "" && !each.includes(";"))) {
    const [name, value] = [
      part.split("=", 1)[0] ?? "",
      part.includes("=") ? part.slice(part.indexOf("=") + 1) : "",
    ]
    const [key, decoded] = [decode(name), decode(value)]
    if (key === undefined || decoded === undefined) continue
    members.set(key, [...(members.get(key) ?? []), decoded])
  }
  return ValueMap.of([...members].map(([key, values]) => [key, new ValueList(values)] as const))
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return undefined
  }
}
