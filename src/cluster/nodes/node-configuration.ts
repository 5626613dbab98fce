import { join } from "node:path"
import type { KubeletConfiguration } from "../../kubelet/configuration/kubelet-configuration.ts"
import { readConfiguration } from "../../kubelet/real/read-configuration.ts"
import type { NodeParts } from "./cluster-node.ts"
import { cgroupParent, kubeletDirectory } from "./node-places.ts"

/** What whoever runs the node decides, since several may be on one machine: files and ports of their own, one authority. */
const managed = [
  "enableServer",
  "address",
  "port",
  "readOnlyPort",
  "healthzPort",
  "healthzBindAddress",
  "tlsCertFile",
  "tlsPrivateKeyFile",
  "tlsCipherSuites",
  "tlsMinVersion",
  "podLogsDir",
  "cgroupRoot",
  "containerRuntimeEndpoint",
  "imageServiceEndpoint",
  "oomScoreAdj",
] as const

/** How the kubelet of one of the cluster's nodes works: by the user's file, and for the rest as the cluster wants it. */
export function nodeConfiguration({
  kubeletConfig,
  networks,
  log,
  ...node
}: Pick<NodeParts, "name" | "directory" | "kubeletConfig" | "networks" | "log">): KubeletConfiguration {
  return readConfiguration({
    path: kubeletConfig,
    usual: { clusterDNS: [...networks.dnsServices], clusterDomain: networks.clusterDomain },
    managed,
    flags: {
      podLogsDir: join(kubeletDirectory(node), "logs"),
      cgroupRoot: cgroupParent(node),
      address: "127.0.0.1",
    },
    log,
  })
}
