import { invalidValue, requiredValue } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import { dnsSubdomainProblems, portNumberProblems } from "../../apimachinery/names.ts"
import { quote } from "../../base/quote.ts"
import type { Errors } from "./checks.ts"

// Where a webhook listens: at a URL, or behind a Service.

export interface WebhookService {
  readonly namespace?: string
  readonly name?: string
  readonly path?: string
  readonly port?: number
}

const form = "; desired format: https://host[/path]"

/** HTTPS to a host and a path, and nothing else. */
export function* validateWebhookUrl(text: string, path: FieldPath): Errors {
  const problem = urlProblem(text)
  if (problem) {
    yield requiredValue(path, `url must be a valid URL: parse ${quote(text)}: ${problem}${form}`)
    return
  }
  const { scheme, user, host, query, fragment } = urlParts(text)
  if (scheme !== "https") yield invalidValue(path, scheme, `'https' is the only allowed URL scheme${form}`)
  if (!host) yield invalidValue(path, host, `host must be specified${form}`)
  if (user !== undefined) yield invalidValue(path, user, "user information is not permitted in the URL")
  if (fragment) yield invalidValue(path, fragment, "fragments are not permitted in the URL")
  if (query) yield invalidValue(path, query, "query parameters are not permitted in the URL")
}

const urlForm =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^/?#]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s

function urlParts(text: string) {
  const [, scheme = "", user, host = "", query = "", fragment = ""] = urlForm.exec(text) ?? []
  return { scheme: scheme.toLowerCase(), user, host, query, fragment }
}

/** What makes Go's parser give up. */
function urlProblem(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) return "net/url: invalid control character in URL"
  if (text.startsWith(":")) return "missing protocol scheme"
  const escape = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(text.split("?")[0]!)
  if (escape) return `invalid URL escape ${quote(escape[0])}`
  const { scheme, host } = urlParts(text)
  if (!scheme && !text.startsWith("/") && /^[^/?#]*:/.test(text)) {
    return "first path segment in URL cannot contain colon"
  }
  const port = /:[^\]:]*$/.exec(host)
  if (port && !/^:\d*$/.test(port[0])) return `invalid port ${quote(port[0])} after host`
  const odd = /[ "<>\\^`{|}]/.exec(host)
  return odd ? `invalid character ${quote(odd[0])} in host name` : undefined
}

export function* validateWebhookService(service: WebhookService, path: FieldPath): Errors {
  // Upstream mistakes the one for the other when it tells that they are missing, and so clients know it.
  if (!service.namespace) yield requiredValue(path.child("name"))
  if (!service.name) yield requiredValue(path.child("namespace"))
  const port = service.port ?? 0
  const problems = portNumberProblems(port)
  if (problems.length > 0) {
    yield invalidValue(path.child("port"), port, `port is not valid: ${problems.join(", ")}`)
  }
  yield* validateWebhookPath(service.path, path.child("path"))
}

/** Segments of lower-case letters, digits, '-' and '.'; a slash at the end is fine. */
function* validateWebhookPath(text: string | undefined, path: FieldPath): Errors {
  if (!text || text === "/") return
  if (text === "//") {
    yield invalidValue(path, text, "segment[0] may not be empty")
    return
  }
  if (!text.startsWith("/")) yield invalidValue(path, text, "must start with a '/'")
  const segments = text.slice(1).replace(/\/$/, "").split("/")
  for (const [index, segment] of segments.entries()) {
    if (!segment) yield invalidValue(path, text, `segment[${index}] may not be empty`)
    else {
      for (const problem of dnsSubdomainProblems(segment)) {
        yield invalidValue(path, text, `segment[${index}]: ${problem}`)
      }
    }
  }
}
