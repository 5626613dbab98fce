import type { Clock } from "../../base/clock.ts"
import {
  type Authentication,
  type AuthenticationInput,
  type Authenticator,
  CredentialError,
} from "./authenticator.ts"
import { type CertificateVerifier, RememberedVerdicts } from "./client-certificate.ts"
import { extraFromHeaders, firstHeader, headerLines } from "./headers.ts"

/**
 * Believes `X-Remote-User`, `X-Remote-Uid`, `X-Remote-Group` and `X-Remote-Extra-*` of a proxy that shows a certificate
 * of the front proxy's authority; how an aggregating API server passes users on.
 */
export function requestHeaders(
  verifier: CertificateVerifier,
  allowedNames: readonly string[],
  clock: Clock,
): Authenticator {
  const verdicts = new RememberedVerdicts(verifier, clock)
  return {
    async authenticate({
      headers,
      peerCertificates,
    }: AuthenticationInput): Promise<Authentication | undefined> {
      const name = firstHeader(headers, "x-remote-user")
      if (name === "" || !peerCertificates || peerCertificates.length === 0) return undefined
      if (!isFrontProxy(verdicts, peerCertificates, allowedNames)) return undefined
      const uid = firstHeader(headers, "x-remote-uid")
      return {
        user: {
          name,
          ...(uid && { uid }),
          groups: headerLines(headers, "x-remote-group").filter((group) => group !== ""),
          extra: extraFromHeaders(headers, "x-remote-extra-"),
        },
      }
    },
  }
}

// An ordinary client may send these headers: they mean nothing then, and its own certificate decides.
function isFrontProxy(
  verdicts: RememberedVerdicts,
  certificates: readonly Uint8Array[],
  allowedNames: readonly string[],
): boolean {
  try {
    const { commonName } = verdicts.verify(certificates)
    return allowedNames.length === 0 || allowedNames.includes(commonName)
  } catch (error) {
    if (error instanceof CredentialError) return false
    throw error
  }
}
