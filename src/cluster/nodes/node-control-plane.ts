import type { Client } from "../../client/client.ts"
import type { Informers } from "../../client/informers.ts"
import type { Kubelet } from "../../kubelet/kubelet.ts"
import type { KubeletServer, KubeletServerOptions } from "../../kubelet/server/serve-kubelet.ts"
import type { VolumeDirectories } from "../../local-provisioner/volume-directories.ts"

/** The parts of a node that speak with the API server; each has the rights it needs, where they can be told apart. */
export type NodeRole = "kubelet" | "proxy" | "dns" | "network-policies"

/** What a kubelet tells of its machine and of itself. */
export type KubeletTold = Pick<KubeletServerOptions, "nodeLogs" | "flags">

/** What a node needs of the control plane, which is in its own process or behind a socket. */
export interface NodeControlPlane {
  /** In this very process: then what the node's parts tell of themselves is for this machine alone. */
  readonly isLocal: boolean
  clientFor(role: NodeRole): Client
  informersFor(role: NodeRole): Informers
  /** Opens the kubelet's own API where the API server will find it. */
  serveKubelet(kubelet: Kubelet, told: KubeletTold): Promise<KubeletServer>
  /** What the Node says of how the control plane reaches it. @default nothing */
  readonly nodeAnnotations?: Readonly<Record<string, string>>
  /** Volumes of the default storage class may be made in these directories of the node. */
  offerVolumes(directories: VolumeDirectories): void
  /** The node has its pod network, and this address in it: pods may want to come by it. */
  connected(gateway: string): Promise<void>
  /** Ends what was opened for the node. */
  close(): void
}
