import type { AlternativeNames, DistinguishedName } from "../../base/real/x509/names.ts"
import type { ExtendedKeyUsage } from "../../base/real/x509/certificate.ts"

/** A certificate the cluster needs, before it is made. */
export interface CertificatePlan {
  /** File name without ending, below the pki directory. */
  readonly name: string
  readonly signedBy: AuthorityName
  readonly subject: DistinguishedName
  readonly usages: readonly ExtendedKeyUsage[]
  readonly alternativeNames?: AlternativeNames
}

export type AuthorityName = "ca" | "front-proxy-ca"

export const authorityNames: Readonly<Record<AuthorityName, string>> = {
  ca: "kubernetes",
  "front-proxy-ca": "front-proxy-ca",
}

/** Where the API server is reached. */
export interface ServerNames {
  /** Addresses and host names beside loopback and the Service's own. */
  readonly hosts: readonly string[]
  /** The ClusterIP of the Service `default/kubernetes`. */
  readonly serviceAddress: string
  /** @default "cluster.local" */
  readonly clusterDomain?: string
}

/**
 * The certificates of a control plane, with the names and groups that kubeadm gives them
 * (https://kubernetes.io/docs/setup/best-practices/certificates/). RBAC's default roles know these users.
 */
export function planControlPlane(server: ServerNames): CertificatePlan[] {
  return [
    {
      name: "apiserver",
      signedBy: "ca",
      subject: { commonName: "kube-apiserver" },
      usages: ["server auth"],
      alternativeNames: serverAlternativeNames(server),
    },
    client("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "kubeadm:cluster-admins"),
    { ...client("front-proxy-client", "front-proxy-client"), signedBy: "front-proxy-ca" },
    client("admin", "kubernetes-admin", "kubeadm:cluster-admins"),
    client("super-admin", "kubernetes-super-admin", "system:masters"),
    client("controller-manager", "system:kube-controller-manager"),
    client("scheduler", "system:kube-scheduler"),
    client("kube-proxy", "system:kube-proxy"),
  ]
}

/** What a kubelet shows to the API server, and what it shows to those who call it. */
export function planNode(nodeName: string, hosts: readonly string[]): CertificatePlan[] {
  const subject = { commonName: `system:node:${nodeName}`, organizations: ["system:nodes"] }
  return [
    { name: `kubelet-client-${nodeName}`, signedBy: "ca", subject, usages: ["client auth"] },
    {
      name: `kubelet-${nodeName}`,
      signedBy: "ca",
      subject,
      usages: ["server auth"],
      alternativeNames: splitHosts([nodeName, ...hosts]),
    },
  ]
}

function client(name: string, commonName: string, ...organizations: string[]): CertificatePlan {
  return { name, signedBy: "ca", subject: { commonName, organizations }, usages: ["client auth"] }
}

function serverAlternativeNames({ hosts, serviceAddress, clusterDomain }: ServerNames): AlternativeNames {
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
  const domain = `kubernetes.default.svc.${clusterDomain ?? "cluster.local"}`
  return splitHosts([...service, domain, "localhost", "127.0.0.1", "::1", serviceAddress, ...hosts])
}

/** Names and addresses, each once. */
export function splitHosts(hosts: readonly string[]): AlternativeNames {
  const unique = [...new Set(hosts.filter((host) => host !== ""))]
  const isAddress = (host: string) => host.includes(":") || /^\d+(\.\d+){3}$/.test(host)
  return {
    dnsNames: unique.filter((host) => !isAddress(host)),
    ipAddresses: unique.filter(isAddress),
  }
}
