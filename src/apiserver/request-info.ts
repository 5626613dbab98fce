/**
 * What a request is about, read from its path and method: the vocabulary of authorization, audit, flow control and
 * routing (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb).
 */
export interface RequestInfo {
  readonly isResource: boolean
  /** Decoded, without the query. */
  readonly path: string
  /** Resource requests: get, list, watch, create, update, patch, delete, deletecollection; otherwise the method in lower case. */
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  /** "pods"; "" for paths that are not about resources. */
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** What follows the subresource: the path to proxy to. */
  readonly rest: readonly string[]
}

const namespaceSubresources = new Set(["status", "finalize"])
const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
}

/** Never throws: a path that cannot be decoded is taken as it is and found nowhere. */
export function parseRequestInfo(method: string, rawPath: string, query: URLSearchParams): RequestInfo {
  const path = decode(rawPath)
  const parts = segmentsOf(rawPath)
  const root = parts[0]
  const groupParts = root === "api" ? 2 : root === "apis" ? 3 : 0
  if (groupParts === 0 || parts.length <= groupParts) return pathInfo(method, path, parts)
  const group = root === "apis" ? parts[1]! : ""
  const version = parts[groupParts - 1]!
  return resourceInfo(method, path, { group, version }, parts.slice(groupParts), query)
}

function pathInfo(method: string, path: string, parts: readonly string[]): RequestInfo {
  return {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: parts[0] === "apis" ? (parts[1] ?? "") : "",
    version: parts[0] === "apis" ? (parts[2] ?? "") : parts[0] === "api" ? (parts[1] ?? "") : "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    rest: [],
  }
}

function resourceInfo(
  method: string,
  path: string,
  groupVersion: { group: string; version: string },
  parts: string[],
  query: URLSearchParams,
): RequestInfo {
  let verb = verbs[method] ?? ""
  // The deprecated form /api/v1/watch/...: still what some old clients send.
  if (parts[0] === "watch" && parts.length > 1) {
    verb = "watch"
    parts = parts.slice(1)
  }
  let namespace = ""
  if (parts[0] === "namespaces" && parts.length > 1) {
    namespace = parts[1]!
    // /namespaces/x is about the namespace itself, and so is /namespaces/x/status.
    if (parts.length > 2 && !namespaceSubresources.has(parts[2]!)) parts = parts.slice(2)
  }
  const [resource = "", name = "", subresource = "", ...rest] = parts
  if (name === "" && verb === "get") verb = isTrue(query.get("watch")) ? "watch" : "list"
  if (name === "" && verb === "delete") verb = "deletecollection"
  return {
    isResource: true,
    path,
    verb,
    group: groupVersion.group,
    version: groupVersion.version,
    namespace,
    resource,
    subresource,
    name: name || nameInFieldSelector(verb, query),
    rest,
  }
}

/** `?fieldSelector=metadata.name=x` is judged as a request about x alone, so that RBAC's resourceNames can allow it. */
function nameInFieldSelector(verb: string, query: URLSearchParams): string {
  if (verb !== "list" && verb !== "watch" && verb !== "deletecollection") return ""
  const selector = query.get("fieldSelector")
  if (!selector) return ""
  for (const term of selector.split(",")) {
    const match = /^metadata\.name={1,2}([^=!,]+)$/.exec(term.trim())
    if (match) return match[1]!
  }
  return ""
}

/** Booleans in a query as upstream reads them: "?watch" and anything but "0" and "false" is true. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false"
}

/** Decoded one by one: a slash that was encoded is part of a name. */
function segmentsOf(path: string): string[] {
  const segments: string[] = []
  for (let start = 0; start < path.length; ) {
    const slash = path.indexOf("/", start)
    const end = slash < 0 ? path.length : slash
    if (end > start) segments.push(decode(path.slice(start, end)))
    start = end + 1
  }
  return segments
}

function decode(text: string): string {
  if (!text.includes("%")) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
