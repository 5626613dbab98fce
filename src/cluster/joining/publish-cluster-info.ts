import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import { jsonEqual } from "../../apimachinery/json-equal.ts"
import type { Client } from "../../client/client.ts"
import { clusterKubeconfig } from "../certificates/kubeconfig.ts"
import { type Networks, networksOf } from "../networks/networks.ts"

export const clusterInfoKey = { namespace: "kube-public", name: "cluster-info" }
const configKey = { namespace: "kube-system", name: "coracle-config" }

export interface ClusterInfo {
  /** Where machines reach the API server: "https://192.0.2.7:6443". */
  readonly server: string
  readonly authorityPem: string
  readonly networks: Networks
}

/** Tells strangers how to recognize the cluster, and its nodes which addresses it uses. */
export async function publishClusterInfo(client: Client, info: ClusterInfo): Promise<void> {
  const { pods, services, backend } = info.networks
  await ensureData(client, clusterInfoKey, { kubeconfig: clusterKubeconfig(info) })
  await ensureData(client, configKey, {
    podSubnet: pods.join(","),
    serviceSubnet: services.join(","),
    networkBackend: backend,
  })
}

/** The cluster's address ranges, as a node of it may read them. */
export async function readNetworks(client: Client): Promise<Networks> {
  const { data = {} } = await client.get(ConfigMap, configKey)
  const { podSubnet, serviceSubnet, networkBackend } = data ?? {}
  if (!podSubnet || !serviceSubnet)
    throw new Error(`ConfigMap ${configKey.namespace}/${configKey.name} names no podSubnet and serviceSubnet`)
  return networksOf({
    pods: podSubnet.split(","),
    services: serviceSubnet.split(","),
    backend: networkBackend === "host-gw" ? "host-gw" : "vxlan",
  })
}

/** What others have put there beside it (signatures) stays. */
async function ensureData(
  client: Client,
  key: { namespace: string; name: string },
  data: Record<string, string>,
): Promise<void> {
  const found = await client.get(ConfigMap, key).catch(ignoreNotFound)
  if (!found) {
    await client.create(ConfigMap, { metadata: key, data }).catch(ignoreAlreadyExists)
    return
  }
  const merged = { ...found.data, ...data }
  if (!jsonEqual(merged, found.data)) await client.update(ConfigMap, { ...found, data: merged })
}
