/**
 * The TLS options of a client that trusts these certificates (PEM) and nothing else. Each of them may stand for itself, as
 * with Go's clients: a server's own certificate is often what people give as its authority, and OpenSSL alone would ask
 * for the one that signed it.
 */
export function trust<Certificates extends string | Buffer>(certificates: Certificates) {
  return { ca: certificates, allowPartialTrustChain: true } as const
}
