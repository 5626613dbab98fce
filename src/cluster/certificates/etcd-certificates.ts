import { join } from "node:path"
import type { Clock } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import { type CertificatePlan, splitHosts } from "./certificate-plan.ts"
import { issueAuthority, issueCertificate, stillServes } from "./issue-certificate.ts"
import { findKeyPair, type KeyPair, writeKeyPair } from "./key-pair-files.ts"

export interface EtcdCertificates {
  readonly authority: KeyPair
  readonly server: KeyPair
  /** For `etcdctl`: "DIR/pki/etcd/healthcheck-client.crt", as kubeadm calls it. */
  readonly client: KeyPair
}

/**
 * The certificates of the store's own port, below `pki/etcd` as kubeadm has them. They have an authority of their own:
 * whoever has a certificate of it may change everything, which no other certificate of the cluster must allow.
 */
export function ensureEtcdCertificates(options: {
  readonly pki: string
  readonly hosts: readonly string[]
  readonly clock: Clock
  readonly random: Random
}): EtcdCertificates {
  const { hosts, clock, random } = options
  const directory = join(options.pki, "etcd")
  const now = clock.now()
  let authority = findKeyPair(directory, "ca")
  if (!authority) {
    authority = issueAuthority("etcd-ca", now, random)
    writeKeyPair(directory, "ca", authority)
  }
  const ensure = (plan: CertificatePlan): KeyPair => {
    const existing = findKeyPair(directory, plan.name)
    if (existing && stillServes(existing, plan, authority, now)) return existing
    const made = issueCertificate(plan, authority, now, random)
    writeKeyPair(directory, plan.name, made)
    return made
  }
  return {
    authority,
    server: ensure({
      name: "server",
      signedBy: "ca",
      subject: { commonName: "kube-etcd" },
      usages: ["server auth", "client auth"],
      alternativeNames: splitHosts(["localhost", "127.0.0.1", "::1", ...hosts]),
    }),
    client: ensure({
      name: "healthcheck-client",
      signedBy: "ca",
      subject: { commonName: "kube-etcd-healthcheck-client" },
      usages: ["client auth"],
    }),
  }
}
