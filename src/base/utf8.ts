/** How many bytes `text` has in UTF-8. Limits in the API count bytes; a string's `length` counts UTF-16 units. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    // A surrogate pair is two units and four bytes: one more per half.
    length += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff && isPaired(text, index)) ? 1 : 2
  }
  return length
}

function isPaired(text: string, index: number): boolean {
  const unit = text.charCodeAt(index)
  const other = unit < 0xdc00 ? text.charCodeAt(index + 1) : text.charCodeAt(index - 1)
  return unit < 0xdc00 ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other < 0xdc00
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}
