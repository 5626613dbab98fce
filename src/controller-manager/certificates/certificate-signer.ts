/** What a certificate request asks for, as far as signers look at it. */
export interface RequestedCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
}

/** The authority that signs. Implemented with the machine's cryptography in real/. */
export interface CertificateSigner {
  /** Reads a PKCS #10 request in PEM. Throws Error when it is malformed or not signed by its own key. */
  decode(requestPem: string): RequestedCertificate
  /** Gives the certificate in PEM, valid no longer than the authority itself. */
  sign(
    requestPem: string,
    terms: { readonly usages: readonly string[]; readonly notBeforeMs: number; readonly notAfterMs: number },
  ): string
}
