import { children, decode } from "./der.ts"
import { decodeName, type DistinguishedName } from "./names.ts"

/**
 * Who a certificate request is about, without looking at its signature; for those who only refuse some names. Takes one
 * PEM block. Throws when it is malformed.
 */
export function readRequestSubject(pem: string): DistinguishedName {
  const block = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/
  const body = block.exec(pem)?.[1]
  if (body === undefined) throw new Error("PEM block type must be CERTIFICATE REQUEST")
  const der = Uint8Array.from(atob(body.replace(/\s/g, "")), (character) => character.charCodeAt(0))
  const [request] = children(decode(der))
  const subject = request && children(request)[1]
  if (!subject) throw new Error("the certificate request is incomplete")
  return decodeName(subject)
}
