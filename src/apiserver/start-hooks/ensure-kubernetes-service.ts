import { Endpoints } from "../../api/core/v1/endpoints.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatIp, ipFamily, type IpNetwork } from "../../base/ip-address.ts"
import type { Client } from "../../client/client.ts"
import { deepEqual } from "../handlers/equal-objects.ts"

/** How the server is reached from inside the cluster. */
export interface AdvertisedAddress {
  /** An IP address that pods can reach; not a loopback address. */
  readonly address: string
  readonly port: number
}

const key = { namespace: "default", name: "kubernetes" }
const labels = { component: "apiserver", provider: "kubernetes" }

/**
 * Makes true that pods find the servers as the Service `kubernetes`: always the first address of the service network, with
 * the servers themselves as the only endpoints.
 *
 * @param advertised no addresses: where none of the servers can be reached by pods yet, the Service is there without endpoints
 */
export async function ensureKubernetesService(
  client: Client,
  network: IpNetwork,
  advertised: { readonly addresses: readonly string[]; readonly port: number },
): Promise<void> {
  const addresses = advertised.addresses.toSorted()
  const ports = [{ name: "https", port: advertised.port, protocol: "TCP" as const }]
  const found = await client.get(Service, key).catch(ignoreNotFound)
  if (!found) {
    const clusterIP = formatIp({ family: network.family, value: network.base + 1n })
    const spec = {
      type: "ClusterIP" as const,
      clusterIP,
      sessionAffinity: "None" as const,
      ipFamilyPolicy: "SingleStack" as const,
      ports: [{ name: "https", port: 443, protocol: "TCP" as const, targetPort: advertised.port }],
    }
    await client.create(Service, { metadata: { ...key, labels }, spec }).catch(ignoreAlreadyExists)
  }
  if (addresses.length === 0) return
  const mirrored = { "endpointslice.kubernetes.io/skip-mirror": "true" }
  await ensureSame(client, Endpoints, {
    metadata: { ...key, labels: mirrored },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports }],
  })
  await ensureSame(client, EndpointSlice, {
    metadata: { ...key, labels: { "kubernetes.io/service-name": key.name } },
    addressType: ipFamily(addresses[0]!) === 4 ? "IPv4" : "IPv6",
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports,
  })
}

async function ensureSame<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  wanted: Readonly<Record<string, unknown>>,
): Promise<void> {
  const found = await client.get(resource, key).catch(ignoreNotFound)
  if (!found) {
    await client.create(resource, wanted as never).catch(ignoreAlreadyExists)
    return
  }
  const { metadata: _, ...fields } = wanted
  const next = { ...found, ...fields } as T
  if (!deepEqual(next, found)) await client.update(resource, next)
}
