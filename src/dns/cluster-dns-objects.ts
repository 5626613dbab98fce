import type { Draft } from "../apimachinery/meta.ts"
import { ignoreNotFound } from "../apimachinery/status-error.ts"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { ipFamily } from "../base/ip-address.ts"
import type { Client } from "../client/client.ts"

const namespace = "kube-system"
const name = "kube-dns"

const ports = [
  { name: "dns", port: 53, protocol: "UDP" },
  { name: "dns-tcp", port: 53, protocol: "TCP" },
] as const

/**
 * The Service by which the cluster's DNS is known: the name, labels and ports that kubeadm gives it, so that whoever looks
 * for it finds it. It has no selector, for no pod serves it: every node does, and says so in a slice of its own.
 */
export function clusterDnsService(clusterIPs: readonly string[]): Draft<Service> {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      namespace,
      name,
      labels: {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "CoreDNS",
      },
    },
    spec: {
      type: "ClusterIP",
      clusterIP: clusterIPs[0]!,
      clusterIPs: [...clusterIPs],
      ports: ports.map((port) => ({ ...port, targetPort: port.port })),
    },
  }
}

/** One node's share of the DNS: where its server answers the rest of the cluster. */
export function clusterDnsEndpoints(nodeName: string, address: string): Draft<EndpointSlice> {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace,
      name: `${name}-${nodeName}`,
      labels: {
        "kubernetes.io/service-name": name,
        "endpointslice.kubernetes.io/managed-by": "dns.coracle",
      },
    },
    addressType: ipFamily(address) === 4 ? "IPv4" : "IPv6",
    endpoints: [
      { addresses: [address], conditions: { ready: true, serving: true, terminating: false }, nodeName },
    ],
    ports: ports.map((port) => ({ ...port })),
  }
}

/** Makes both true; asked again it changes nothing. */
export async function ensureClusterDns(
  client: Client,
  options: { clusterIPs: readonly string[]; nodeName: string; address: string },
): Promise<void> {
  const key = { namespace, name }
  if (!(await client.get(Service, key).catch(ignoreNotFound)))
    await client.create(Service, clusterDnsService(options.clusterIPs))
  const slice = clusterDnsEndpoints(options.nodeName, options.address)
  const existing = await client
    .get(EndpointSlice, { namespace, name: `${name}-${options.nodeName}` })
    .catch(ignoreNotFound)
  if (!existing) await client.create(EndpointSlice, slice)
  else if (existing.endpoints?.[0]?.addresses[0] !== options.address)
    await client.update(EndpointSlice, { ...existing, endpoints: slice.endpoints } as EndpointSlice)
}
