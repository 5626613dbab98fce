const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

const values = new Uint8Array(128).fill(255)
for (let index = 0; index < alphabet.length; index++) values[alphabet.charCodeAt(index)] = index

/** The standard alphabet with padding, as Go's `base64.StdEncoding` writes it. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ""
  let index = 0
  for (; index + 2 < bytes.length; index += 3) {
    const word = (bytes[index]! << 16) | (bytes[index + 1]! << 8) | bytes[index + 2]!
    text +=
      alphabet[word >> 18]! +
      alphabet[(word >> 12) & 63]! +
      alphabet[(word >> 6) & 63]! +
      alphabet[word & 63]!
  }
  const rest = bytes.length - index
  if (rest === 1) {
    const word = bytes[index]! << 4
    text += `${alphabet[word >> 6]}${alphabet[word & 63]}==`
  } else if (rest === 2) {
    const word = (bytes[index]! << 10) | (bytes[index + 1]! << 2)
    text += `${alphabet[word >> 12]}${alphabet[(word >> 6) & 63]}${alphabet[word & 63]}=`
  }
  return text
}

/** Line breaks are skipped. Throws Error with the text of Go's decoder. */
export function decodeBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let length = 0
  let word = 0
  let digits = 0
  let padded = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 10 || code === 13) continue
    if (code === 61) {
      const fault = paddingFault(text, index, digits)
      if (fault !== undefined) throw illegal(fault)
      padded = true
      break
    }
    const value = code < 128 ? values[code]! : 255
    if (value === 255) throw illegal(index)
    word = (word << 6) | value
    digits++
    if (digits === 4) {
      bytes[length++] = word >> 16
      bytes[length++] = (word >> 8) & 255
      bytes[length++] = word & 255
      word = 0
      digits = 0
    }
  }
  // What is left over begins there.
  if (digits > 0 && !padded) throw illegal(text.length - digits)
  if (digits === 2) bytes[length++] = word >> 4
  else if (digits === 3) {
    bytes[length++] = word >> 10
    bytes[length++] = (word >> 2) & 255
  }
  return bytes.subarray(0, length)
}

/** Where what begins at `index` is not "==" after two digits or "=" after three, and then only line breaks. */
function paddingFault(text: string, index: number, digits: number): number | undefined {
  if (digits < 2) return index
  let end = index + 1
  if (digits === 2) {
    while (isLineBreak(text, end)) end++
    if (end === text.length) return end
    if (text[end] !== "=") return end - 1
    end++
  }
  while (isLineBreak(text, end)) end++
  return end < text.length ? end : undefined
}

const isLineBreak = (text: string, index: number) => text[index] === "\n" || text[index] === "\r"

function illegal(position: number): Error {
  return new Error(`illegal base64 data at input byte ${position}`)
}
