import { execFileSync } from "node:child_process"
import { join } from "node:path"
import type { ClusterUnderSoak } from "../cluster-under-soak.ts"
import { listNames, processIds, readText } from "../machine.ts"

/** What a node's pods have on the machine: for each kind of thing those uids, or only how many where they bear no name. */
export interface NodeObjects {
  readonly node: string
  /** Uids of pods, as things on the machine name them. */
  readonly named: Readonly<Record<string, readonly string[]>>
  /** Things that every sandbox has one of, and that have names of their own. */
  readonly perSandbox: Readonly<Record<string, number>>
}

const uidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/

export function lookAtNode(cluster: ClusterUnderSoak, node: string): NodeObjects {
  const directory = join(cluster.data, "nodes", node)
  const mounts = readText("/proc/self/mountinfo").split("\n")
  const podMounts = mounts.filter((line) => line.includes(join(directory, "kubelet", "pods")))
  return {
    node,
    named: {
      "pod directory": uids(listNames(join(directory, "kubelet", "pods"))),
      "log directory": uids(listNames(join(directory, "kubelet", "logs"))),
      "volume mount": uids(podMounts),
      address: uids(listNames(join(directory, "network", "pods"))),
      cgroup: uids(cgroups(`${cluster.cgroup}/${node}`)),
      process: uids(processGroups(`${cluster.cgroup}/${node}/`)),
    },
    perSandbox: {
      shim: shims(directory),
      cable: inNamespace(cluster, node, ["ip", "-o", "link"]).filter((line) => / cor\w{12}@/.test(line))
        .length,
      route: inNamespace(cluster, node, ["ip", "route"]).filter((line) => / dev cor\w{12} /.test(line))
        .length,
    },
  }
}

function uids(texts: readonly string[]): string[] {
  const found = texts.map((text) => uidPattern.exec(text)?.[0]).filter((uid) => uid !== undefined)
  return [...new Set(found)]
}

function cgroups(parent: string): string[] {
  const found: string[] = []
  for (const tree of ["", ...listNames("/sys/fs/cgroup")])
    for (const each of ["", "burstable", "besteffort"])
      found.push(...listNames(join("/sys/fs/cgroup", tree, parent, "kubepods", each)))
  return found.filter((name) => name.startsWith("pod"))
}

function processGroups(parent: string): string[] {
  return processIds()
    .map((pid) => readText(`/proc/${pid}/cgroup`))
    .filter((text) => text.includes(parent))
}

function shims(directory: string): number {
  const ids = new Set<string>()
  for (const pid of processIds()) {
    const words = readText(`/proc/${pid}/cmdline`).split("\0")
    if (words[0]?.includes("containerd-shim") && words.some((word) => word.includes(`${directory}/`)))
      ids.add(words[words.indexOf("-id") + 1] ?? String(pid))
  }
  return ids.size
}

/** Lines of what a program prints in a node's network; none while the node is being started again. */
export function inNamespace(cluster: ClusterUnderSoak, node: string, command: readonly string[]): string[] {
  const path = cluster.namespaceOf(node)
  if (!path) return []
  try {
    return execFileSync("nsenter", [`--net=${path}`, ...command], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).split("\n")
  } catch {
    return []
  }
}
