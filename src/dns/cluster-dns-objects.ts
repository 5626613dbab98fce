import { jsonEqual } from "../apimachinery/json-equal.ts"
import type { Draft } from "../apimachinery/meta.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../apimachinery/status-error.ts"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { type IpFamily, ipFamily } from "../base/ip-address.ts"
import type { Client } from "../client/client.ts"

const namespace = "kube-system"
const name = "kube-dns"

const ports = [
  { name: "dns", port: 53, protocol: "UDP" },
  { name: "dns-tcp", port: 53, protocol: "TCP" },
  { name: "metrics", port: 9153, protocol: "TCP" },
] as const

/**
 * The Service by which the cluster's DNS is known: the name, labels and ports that kubeadm gives it, so that whoever looks
 * for it finds it. It has no selector, for no pod serves it: every node does, and is an endpoint of it.
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
      ipFamilyPolicy: clusterIPs.length > 1 ? "PreferDualStack" : "SingleStack",
      ports: ports.map((port) => ({ ...port, targetPort: port.port })),
    },
  }
}

/** A node and where its DNS server answers the rest of the cluster. */
export interface DnsNode {
  readonly name: string
  readonly address: string
  readonly isReady: boolean
}

export function clusterDnsEndpoints(family: IpFamily, nodes: readonly DnsNode[]): Draft<EndpointSlice> {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace,
      name: sliceName(family),
      labels: {
        "kubernetes.io/service-name": name,
        "endpointslice.kubernetes.io/managed-by": "dns.coracle",
      },
    },
    addressType: family === 4 ? "IPv4" : "IPv6",
    endpoints: nodes.map(({ name: nodeName, address, isReady }) => ({
      addresses: [address],
      conditions: { ready: isReady, serving: isReady, terminating: false },
      nodeName,
    })),
    ports: ports.map((port) => ({ ...port })),
  }
}

function sliceName(family: IpFamily): string {
  return `${name}-ipv${family}`
}

/** Makes Service and endpoints true; asked again it changes nothing. */
export async function ensureClusterDns(
  client: Client,
  options: { clusterIPs: readonly string[]; nodes: readonly DnsNode[] },
): Promise<void> {
  if (!(await client.get(Service, { namespace, name }).catch(ignoreNotFound)))
    await client.create(Service, clusterDnsService(options.clusterIPs)).catch(ignoreAlreadyExists)
  for (const family of new Set(options.clusterIPs.map(ipFamily))) {
    const nodes = options.nodes.filter(({ address }) => ipFamily(address) === family)
    await ensureSlice(client, clusterDnsEndpoints(family, nodes))
  }
}

async function ensureSlice(client: Client, slice: Draft<EndpointSlice>): Promise<void> {
  const key = { namespace, name: slice.metadata!.name! }
  const existing = await client.get(EndpointSlice, key).catch(ignoreNotFound)
  if (!existing) await client.create(EndpointSlice, slice).catch(ignoreAlreadyExists)
  else if (!jsonEqual(existing.endpoints, slice.endpoints))
    await client.update(EndpointSlice, { ...existing, endpoints: slice.endpoints } as EndpointSlice)
}
