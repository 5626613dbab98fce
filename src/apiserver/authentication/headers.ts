import type { AuthenticationInput } from "./authenticator.ts"

type Headers = AuthenticationInput["headers"]

/** The lines of a header, one entry each. */
export function headerLines(headers: Headers, name: string): readonly string[] {
  const value = headers[name]
  if (value === undefined) return []
  return typeof value === "string" ? [value] : value
}

export function firstHeader(headers: Headers, name: string): string {
  return headerLines(headers, name)[0] ?? ""
}

/** `X-Remote-Extra-Example.com%2fTeam: a` gives "example.com/team" => ["a"]. `prefix` in lower case. */
export function extraFromHeaders(headers: Headers, prefix: string): Record<string, string[]> {
  // A map, since whoever sends the headers chooses the keys: "__proto__" is one like any other.
  const extra = new Map<string, string[]>()
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(prefix)) continue
    const key = unescapeKey(name.slice(prefix.length))
    extra.set(key, [...(extra.get(key) ?? []), ...headerLines(headers, name)])
  }
  return Object.fromEntries(extra)
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/**
 * Headers by which someone proves or lends an identity. They end at this server: whoever forwards a request (to a
 * kubelet, a pod, a Service, an aggregated API server) leaves them out.
 */
export function isCredentialHeader(lowerCaseName: string): boolean {
  return (
    lowerCaseName === "authorization" ||
    lowerCaseName === "x-remote-user" ||
    lowerCaseName === "x-remote-uid" ||
    lowerCaseName === "x-remote-group" ||
    lowerCaseName.startsWith("x-remote-extra-") ||
    lowerCaseName.startsWith("impersonate-")
  )
}
