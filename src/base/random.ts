/** Chance as a component sees it: real in production, seeded in tests and simulations. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** `length` random bytes. */
  bytes(length: number): Uint8Array
  /** An independent generator; the same name under the same seed gives the same stream. */
  fork(name: string): Random
}

/** A whole number in [0, below). */
export function integer(random: Random, below: number): number {
  return Math.floor(random.next() * below)
}

const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** An RFC 4122 version 4 UUID. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  let hex = ""
  for (const byte of bytes) hex += hexBytes[byte]!
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

// No vowels and no 0, 1, 3: a generated name must not spell a word or be misread (as upstream's rand.String).
const safeAlphabet = "bcdfghjklmnpqrstvwxz2456789"

/** A random suffix as in `web-5d8f9c7b6-x7k2p`. */
export function safeSuffix(random: Random, length: number): string {
  let out = ""
  for (let index = 0; index < length; index++) out += safeAlphabet[integer(random, safeAlphabet.length)]
  return out
}

/** Maps text to the safe alphabet, so that a hash reads like a generated suffix (upstream's SafeEncodeString). */
export function safeEncode(text: string): string {
  let out = ""
  for (let index = 0; index < text.length; index++)
    out += safeAlphabet[text.charCodeAt(index) % safeAlphabet.length]
  return out
}
