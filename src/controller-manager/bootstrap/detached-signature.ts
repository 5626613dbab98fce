import { encodeBase64 } from "../../base/base64.ts"
import type { SigningToken } from "./bootstrap-token.ts"

/** HMAC with SHA-256; node's own is in real/hmac-sha256.ts. */
export type Hmac = (key: Uint8Array, data: Uint8Array) => Uint8Array

/**
 * What a token's holder recognizes `content` by: a JSON Web Signature (HMAC with SHA-256) whose middle part, the content
 * itself, is left out (https://www.rfc-editor.org/rfc/rfc7515#appendix-F).
 */
export function detachedSignature(content: string, { id, secret }: SigningToken, hmac: Hmac): string {
  const header = base64Url(utf8(JSON.stringify({ alg: "HS256", kid: id })))
  const signed = hmac(utf8(secret), utf8(`${header}.${base64Url(utf8(content))}`))
  return `${header}..${base64Url(signed)}`
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function base64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}
