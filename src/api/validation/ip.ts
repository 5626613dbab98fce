import { invalidValue } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import { formatIp, formatNetwork, type IpAddress, networkOf, parseIp } from "../../base/ip-address.ts"
import type { Errors } from "./checks.ts"

// Addresses have been written in more ways than are good: what once was read as decimal, others read as octal.

const addressExpected = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
const networkExpected = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"

/** "010.0.0.1" as it was read of old. */
function parseLoosely(text: string): IpAddress | undefined {
  return parseIp(text) ?? parseIp(text.replace(/(^|[.:])0+(?=[0-9]+(\.|$))/g, "$1"))
}

function isMapped({ family, value }: IpAddress): boolean {
  return family === 6 && value >> 32n === 0xffffn
}

/** Any form that means one thing. */
export function* ipAddress(text: string, path: FieldPath): Errors {
  const address = parseLoosely(text)
  if (!address) yield invalidValue(path, text, addressExpected)
  else if (!parseIp(text)) yield invalidValue(path, text, "must not have leading 0s")
  else if (isMapped(address)) yield invalidValue(path, text, "must not be an IPv4-mapped IPv6 address")
}

/** The one canonical form. */
export function* canonicalIpAddress(text: string, path: FieldPath): Errors {
  const errors = [...ipAddress(text, path)]
  yield* errors
  const address = parseIp(text)
  if (errors.length > 0 || !address) return
  const canonical = formatIp(address)
  if (text !== canonical) yield invalidValue(path, text, `must be in canonical form ("${canonical}")`)
}

interface ParsedNetwork {
  readonly address: IpAddress
  readonly prefixLength: number
  readonly isStrict: boolean
}

function parseNetworkLoosely(text: string): ParsedNetwork | undefined {
  const slash = text.lastIndexOf("/")
  const length = text.slice(slash + 1)
  const address = slash < 0 ? undefined : parseLoosely(text.slice(0, slash))
  if (!address || !/^[0-9]{1,3}$/.test(length)) return undefined
  if (Number(length) > (address.family === 4 ? 32 : 128)) return undefined
  const isStrict = parseIp(text.slice(0, slash)) !== undefined && /^(0|[1-9][0-9]*)$/.test(length)
  return { address, prefixLength: Number(length), isStrict }
}

/** A network in any form that means one thing. */
export function* ipNetwork(text: string, path: FieldPath): Errors {
  const parsed = parseNetworkLoosely(text)
  if (!parsed) {
    yield invalidValue(path, text, networkExpected)
    return
  }
  const { address, prefixLength, isStrict } = parsed
  if (!isStrict) yield invalidValue(path, text, "must not have leading 0s in IP or prefix length")
  else if (isMapped(address)) yield invalidValue(path, text, "must not have an IPv4-mapped IPv6 address")
  else if (networkOf(address, prefixLength).base !== address.value) {
    yield invalidValue(path, text, "must not have bits set beyond the prefix length")
  }
}

/** A network in its one canonical form. */
export function* canonicalIpNetwork(text: string, path: FieldPath): Errors {
  const errors = [...ipNetwork(text, path)]
  yield* errors
  const parsed = parseNetworkLoosely(text)
  if (errors.length > 0 || !parsed) return
  const canonical = formatNetwork(networkOf(parsed.address, parsed.prefixLength))
  if (text !== canonical) yield invalidValue(path, text, `must be in canonical form ("${canonical}")`)
}

/** What a reader should know of an address that is valid and yet odd. */
export function ipAddressWarnings(text: string, path: FieldPath): string[] {
  const loose = parseLoosely(text)
  if (!loose) return []
  const address = parseIp(text)
  if (!address || isMapped(address)) {
    const plain: IpAddress = isMapped(loose) ? { family: 4, value: loose.value & 0xffff_ffffn } : loose
    return [`${path.toString()}: non-standard IP address "${text}" is invalid: use "${formatIp(plain)}"`]
  }
  const canonical = formatIp(address)
  if (address.family === 4 || canonical === text) return []
  return [
    `${path.toString()}: IPv6 address "${text}" should be in RFC 5952 canonical format ("${canonical}")`,
  ]
}

/** Of one family each: at most one IPv4 and one IPv6 address. */
export function isDualStack(addresses: readonly string[]): boolean {
  const families = new Set(addresses.map((address) => parseLoosely(address)?.family))
  return families.has(4) && families.has(6)
}

/** The same for a network. */
export function ipNetworkWarnings(text: string, path: FieldPath): string[] {
  const parsed = parseNetworkLoosely(text)
  if (!parsed) return []
  const { address, prefixLength, isStrict } = parsed
  const network = formatNetwork(networkOf(address, prefixLength))
  const warnings: string[] = []
  if (networkOf(address, prefixLength).base !== address.value) {
    const single = `${formatIp(address)}/${address.family === 4 ? 32 : 128}`
    const choice = `should be "${network}" or "${single}"?`
    warnings.push(`${path.toString()}: CIDR value "${text}" is ambiguous in this context (${choice})`)
  }
  if (!isStrict || isMapped(address)) {
    warnings.push(`${path.toString()}: non-standard CIDR value "${text}" is invalid: use "${network}"`)
  }
  if (warnings.length === 0 && address.family === 6 && network !== text) {
    warnings.push(
      `${path.toString()}: IPv6 CIDR value "${text}" should be in RFC 5952 canonical format ("${network}")`,
    )
  }
  return warnings
}

export function isNetwork(text: string): boolean {
  return parseNetworkLoosely(text) !== undefined
}

/** Whether a network is a part of another one, and not all of it. */
export function isStrictlyInside(inner: string, outer: string): boolean {
  const [a, b] = [parseNetworkLoosely(inner), parseNetworkLoosely(outer)]
  if (!a || !b || a.address.family !== b.address.family || a.prefixLength <= b.prefixLength) return false
  return networkOf(a.address, b.prefixLength).base === networkOf(b.address, b.prefixLength).base
}
