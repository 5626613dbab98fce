import type { Clock } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import type { EmbeddedStore } from "../../etcd/embedded/embedded-store.ts"
import { createEtcdServer, type EtcdServer } from "../../etcd/grpc/etcd-server.ts"
import { ensureEtcdCertificates } from "../certificates/etcd-certificates.ts"

export interface ServeEtcdOptions {
  readonly store: EmbeddedStore
  readonly listen: { readonly host: string; readonly port: number }
  /** "DIR/pki"; the port has certificates of its own there. */
  readonly pki: string
  /** By which names it will be called, beside loopback. */
  readonly hosts: readonly string[]
  readonly clock: Clock
  readonly random: Random
}

/** Serves the store of a running cluster by etcd's own API, to those with a certificate of `pki/etcd/ca.crt` alone. */
export async function serveEtcd(options: ServeEtcdOptions): Promise<{ url: string; server: EtcdServer }> {
  const { store, clock, listen } = options
  const { authority, server: pair } = ensureEtcdCertificates(options)
  const server = createEtcdServer({
    store,
    clock,
    tls: {
      cert: pair.certificatePem,
      key: pair.keyPem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    },
  })
  return { url: await server.listen(listen.port, listen.host), server }
}
