/** One block, lines of 64 characters: "-----BEGIN CERTIFICATE-----". */
export function encodePem(label: string, der: Uint8Array): string {
  const body = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString("base64")
  const lines = body.match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`
}

/** The contents of every block with this label, in order; text around the blocks is ignored. */
export function decodePem(label: string, text: string): Uint8Array[] {
  const block = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, "g")
  return Array.from(text.matchAll(block), (match) => new Uint8Array(Buffer.from(match[1]!, "base64")))
}
