const maxBytes = 30

/** The beginning of a body that could not be read, for the answer: as text if it looks like JSON, else in hexadecimal. */
export function summarizeBody(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>"
  const start = bytes.subarray(0, maxBytes)
  const more = bytes.length > maxBytes ? " ..." : ""
  if (bytes[0] === 0x7b) return new TextDecoder().decode(start) + more
  return Array.from(start, (byte) => byte.toString(16).padStart(2, "0")).join("") + more
}
