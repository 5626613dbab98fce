import { decodeBase64 } from "../../base/base64.ts"

export interface PemBlock {
  /** "CERTIFICATE" */
  readonly type: string
  readonly hasHeaders: boolean
  readonly der: Uint8Array
}

const form = /-----BEGIN ([^\n]*?)-----[ \t\r]*\n(.*?)\n?-----END \1-----[ \t\r]*(?:\n|$)/gs
const headers = /^(?:[^\n:]+:[^\n]*\n)+\n?/

/** The well-formed blocks of a text, in order; whatever stands around them is passed over. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  for (const [, type = "", content = ""] of text.matchAll(form)) {
    const body = content.replace(headers, "").replace(/\s/g, "")
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(body) || body.length % 4 !== 0) continue
    blocks.push({ type, hasHeaders: headers.test(`${content}\n`), der: decodeBase64(body) })
  }
  return blocks
}
