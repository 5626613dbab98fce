import { ipFamily, parseIp } from "../../base/ip-address.ts"

/**
 * Whether Go's url.ParseRequestURI takes the text: an absolute path, or a URI with a scheme. Of an authority it looks at
 * port, brackets and characters; of the path at its escapes.
 */
export function isRequestUri(text: string): boolean {
  if (text === "" || hasControlCharacter(text)) return false
  if (text === "*") return true
  if (text.startsWith(":")) return false
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(text)?.[0] ?? ""
  const [rest = ""] = text.slice(scheme.length).split("?", 1)
  if (!rest.startsWith("/")) return scheme !== ""
  if (scheme === "" || !rest.startsWith("//")) return hasSoundEscapes(rest)
  const slash = rest.indexOf("/", 2)
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  return (
    isAuthority(authority, /^https?:$/i.test(scheme)) && hasSoundEscapes(slash < 0 ? "" : rest.slice(slash))
  )
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

function hasSoundEscapes(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text)
}

function isAuthority(authority: string, isHttp: boolean): boolean {
  const at = authority.lastIndexOf("@")
  const user = authority.slice(0, Math.max(at, 0))
  const isUser = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) && hasSoundEscapes(user)
  return isUser && isHost(authority.slice(at + 1), isHttp)
}

function isHost(host: string, isHttp: boolean): boolean {
  if (host.startsWith("[")) return isLiteralHost(host)
  // Lists of hosts with ports are common outside HTTP.
  const colon = isHttp ? host.indexOf(":") : host.lastIndexOf(":")
  if (colon >= 0 && !isOptionalPort(host.slice(colon))) return false
  // Escapes stand only for what is not ASCII.
  return !/%(?![89a-fA-F][0-9a-fA-F])/.test(host) && !/[ #/?@[\\^`{|}]/.test(host)
}

/** "[fe80::1%25eth0]:80" */
function isLiteralHost(host: string): boolean {
  const [, address = "", zone, port = ""] = /^\[([^[\]%]*)(%25[^[\]]+)?\](.*)$/.exec(host) ?? []
  const isSound = zone === undefined || hasSoundEscapes(zone)
  return isSound && isOptionalPort(port) && ipFamily(address) === 6 && parseIp(address) !== undefined
}

function isOptionalPort(port: string): boolean {
  return port === "" || /^:[0-9]*$/.test(port)
}
