import { createHash } from "node:crypto"

/** Sixteen hexadecimal digits that tell texts apart, for names of things whose content is the text. */
export function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16)
}
