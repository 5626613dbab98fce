import { parseIp } from "../../base/ip-address.ts"

/**
 * Whether Go's mail.ParseAddress takes the text: `jane@example.com` or `"Jane Doe" <jane@example.com>` by RFC 5322, with
 * letters of any script (RFC 6532).
 */
export function isMailAddress(text: string): boolean {
  if (text.length > maxLength) return false
  const match = address.exec(text)
  const literals = match?.slice(1).filter((literal) => literal !== undefined)
  return literals?.every((literal) => parseIp(literal) !== undefined) ?? false
}

// No address is longer; a bound on what the expression looks at.
const maxLength = 2000

const atomCharacters = String.raw`A-Za-z0-9!#$%&'*+/=?^_{|}~\x60\u0080-\uffff-`
const dotAtom = String.raw`[${atomCharacters}]+(?:\.[${atomCharacters}]+)*`
const quoted = String.raw`"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*"`
const literal = String.raw`\[([^\[\]\\\s]*)\]`
const space = "[ \\t]*"
const specification = `(?:${dotAtom}|${quoted})@${space}(?:${dotAtom}|${literal})`
const word = `(?:[.${atomCharacters}]+|${quoted})`
const comment = String.raw`(?:[ \t]*\([^()\\]*\))?`
const address = new RegExp(
  `^${space}(?:${specification}|(?:${word}(?:[ \\t]+${word})*)?${space}<${specification}>)${space}${comment}${space}$`,
)
