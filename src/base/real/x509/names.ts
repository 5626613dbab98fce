import {
  children,
  type DerValue,
  objectIdentifier,
  readObjectIdentifier,
  readText,
  sequence,
  set,
  taggedBytes,
  utf8String,
} from "./der.ts"

/** Who a certificate is about. Kubernetes reads the common name as user and the organizations as groups. */
export interface DistinguishedName {
  readonly commonName: string
  readonly organizations?: readonly string[]
  /** Kubernetes' own attribute for the user's uid. */
  readonly uid?: string
}

const attributes = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  uid: "1.3.6.1.4.1.57683.2",
} as const

export function encodeName(name: DistinguishedName): Uint8Array {
  const parts: Uint8Array[] = []
  const { organizations = [] } = name
  // One SET for all organizations, as Go's crypto/x509 writes several values of one attribute.
  if (organizations.length > 0)
    parts.push(set(...organizations.map((value) => attribute(attributes.organization, value))))
  if (name.commonName) parts.push(set(attribute(attributes.commonName, name.commonName)))
  if (name.uid) parts.push(set(attribute(attributes.uid, name.uid)))
  return sequence(...parts)
}

function attribute(type: string, value: string): Uint8Array {
  return sequence(objectIdentifier(type), utf8String(value))
}

export function decodeName(name: DerValue): DistinguishedName {
  let commonName = ""
  let uid: string | undefined
  const organizations: string[] = []
  for (const pair of children(name).flatMap(children)) {
    const [type, value] = children(pair)
    if (!type || !value) continue
    const dotted = readObjectIdentifier(type)
    if (dotted === attributes.commonName) commonName = readText(value)
    else if (dotted === attributes.organization) organizations.push(readText(value))
    else if (dotted === attributes.uid) uid = readText(value)
  }
  return { commonName, organizations, ...(uid !== undefined && { uid }) }
}

/** The names a server answers to, and other identities (subjectAltName). */
export interface AlternativeNames {
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
  readonly uris?: readonly string[]
  readonly emailAddresses?: readonly string[]
}

export function encodeAlternativeNames(names: AlternativeNames): Uint8Array {
  const ascii = (text: string) => new TextEncoder().encode(text)
  return sequence(
    ...(names.emailAddresses ?? []).map((email) => taggedBytes(1, ascii(email))),
    ...(names.dnsNames ?? []).map((name) => taggedBytes(2, ascii(name))),
    ...(names.uris ?? []).map((uri) => taggedBytes(6, ascii(uri))),
    ...(names.ipAddresses ?? []).map((address) => taggedBytes(7, encodeAddress(address))),
  )
}

export function decodeAlternativeNames(names: DerValue): Required<AlternativeNames> {
  const values = children(names)
  const texts = (number: number) => values.filter(({ tag }) => tag === (0x80 | number)).map(readText)
  return {
    emailAddresses: texts(1),
    dnsNames: texts(2),
    uris: texts(6),
    ipAddresses: values.filter(({ tag }) => tag === 0x87).map(({ content }) => decodeAddress(content)),
  }
}

function encodeAddress(address: string): Uint8Array {
  if (!address.includes(":")) return Uint8Array.from(address.split("."), Number)
  const [head = "", tail] = address.split("::")
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => parseInt(group, 16)))
  const before = groups(head)
  const after = groups(tail ?? "")
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

function decodeAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".")
  const groups: string[] = []
  for (let index = 0; index + 1 < bytes.length; index += 2)
    groups.push(((bytes[index]! << 8) | bytes[index + 1]!).toString(16))
  return groups.join(":").replace(/(^|:)0(:0)+(:|$)/, "::")
}
