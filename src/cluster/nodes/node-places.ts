import { createHash } from "node:crypto"
import { join } from "node:path"
import type { DataDirectory } from "../data-directory.ts"
import type { NodeParts } from "./cluster-node.ts"

type Place = Pick<NodeParts, "name" | "directory">

/** Unique to this cluster and node on the machine: "/coracle/3f2a91c4/vm". */
export function cgroupParent({ name, directory }: Place): string {
  return `${clusterCgroup(directory)}/${name}`
}

/** What the control groups of all nodes of a cluster on this machine are below: "/coracle/3f2a91c4". */
export function clusterCgroup({ path }: Pick<DataDirectory, "path">): string {
  return `/coracle/${createHash("sha256").update(path).digest("hex").slice(0, 8)}`
}

export function containerdDirectory({ name, directory }: Place): string {
  return join(directory.nodeDirectory(name), "containerd")
}

/** What the kubelet of a node keeps: volumes, logs, sockets. */
export function kubeletDirectory({ name, directory }: Place): string {
  return join(directory.nodeDirectory(name), "kubelet")
}
