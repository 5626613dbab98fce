import type { Clock } from "../../base/clock.ts"
import {
  type Authentication,
  type AuthenticationInput,
  type Authenticator,
  CredentialError,
} from "./authenticator.ts"
import { extraKeys } from "./service-account-user.ts"

/** A client's certificate that was found to be signed by a trusted authority, for the use of authenticating clients. */
export interface VerifiedCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly uid?: string
  /** Of the chain: milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** SHA-256 of the DER, in hex. */
  readonly fingerprint: string
}

/** Where the cryptography is: real/certificate-verifier.ts. */
export interface CertificateVerifier {
  /** Throws CredentialError when no trusted authority has signed the first certificate, directly or through the others. */
  verify(certificates: readonly Uint8Array[]): VerifiedCertificate
}

/**
 * Remembers verdicts by the connection's array of certificates: a connection is judged once, its requests are not. The
 * end of validity is looked at each time.
 */
export class RememberedVerdicts {
  readonly #verifier: CertificateVerifier
  readonly #clock: Clock
  readonly #verdicts = new WeakMap<readonly Uint8Array[], VerifiedCertificate | CredentialError>()

  constructor(verifier: CertificateVerifier, clock: Clock) {
    this.#verifier = verifier
    this.#clock = clock
  }

  verify(certificates: readonly Uint8Array[]): VerifiedCertificate {
    let verdict = this.#verdicts.get(certificates)
    if (!verdict) this.#verdicts.set(certificates, (verdict = this.#judge(certificates)))
    if (verdict instanceof CredentialError) throw verdict
    const now = this.#clock.now()
    if (now < verdict.notBefore || now > verdict.notAfter)
      throw new CredentialError("x509: certificate has expired or is not yet valid")
    return verdict
  }

  #judge(certificates: readonly Uint8Array[]): VerifiedCertificate | CredentialError {
    try {
      return this.#verifier.verify(certificates)
    } catch (error) {
      if (error instanceof CredentialError) return error
      throw error
    }
  }
}

/** The common name is the user, the organizations are the groups. `used` is told for how long the certificate is good. */
export function clientCertificates(
  verifier: CertificateVerifier,
  clock: Clock,
  used: (leftSeconds: number) => void = () => {},
): Authenticator {
  const verdicts = new RememberedVerdicts(verifier, clock)
  return {
    async authenticate({ peerCertificates }: AuthenticationInput): Promise<Authentication | undefined> {
      if (!peerCertificates || peerCertificates.length === 0) return undefined
      const { commonName, organizations, uid, fingerprint, notAfter } = verdicts.verify(peerCertificates)
      used((notAfter - clock.now()) / 1000)
      if (commonName === "") return undefined
      return {
        user: {
          name: commonName,
          ...(uid !== undefined && { uid }),
          groups: organizations,
          extra: { [extraKeys.credentialId]: [`X509SHA256=${fingerprint}`] },
        },
      }
    },
  }
}
