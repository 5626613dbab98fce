import { execFileSync } from "node:child_process"
import { join } from "node:path"
import type { ClusterUnderSoak } from "../cluster-under-soak.ts"
import { listNames, readText } from "../machine.ts"
import { inNamespace } from "./host-objects.ts"

/**
 * Everything on the machine that an idle cluster has: before the churn and after it this must be the same. Text where
 * names tell something, counts where they change from one start to the next. Snapshots are not looked at: containerd
 * collects them when it pleases.
 */
export function idleState(cluster: ClusterUnderSoak): Record<string, string> {
  const rules = (text: readonly string[]) => rulesOf(cluster.serverPort, text)
  const state: Record<string, string> = {
    "host links": links(lines("ip", "-o", "link")),
    "host routes": lines("ip", "route").sort().join("\n"),
    "host rules": rules(lines("nft", "list", "ruleset")),
    "host netns": lines("sh", "-c", "ls /run/netns /var/run/netns 2>/dev/null | sort -u").join("\n"),
    mounts: String(
      readText("/proc/self/mountinfo")
        .split("\n")
        .filter((line) => line.includes(cluster.directory)).length,
    ),
    cgroups: String(
      lines("sh", "-c", `find /sys/fs/cgroup -type d -path '*${cluster.cgroup}/*/pod*' | wc -l`)[0],
    ),
    "volume directories": lines(
      "sh",
      "-c",
      `ls ${cluster.data}/nodes/*/volumes 2>/dev/null | grep pvc || true`,
    ).join("\n"),
  }
  for (const node of cluster.nodes) {
    const directory = join(cluster.data, "nodes", node)
    state[`${node} links`] = links(inNamespace(cluster, node, ["ip", "-o", "link"]))
    state[`${node} routes`] = inNamespace(cluster, node, ["ip", "route"]).sort().join("\n")
    state[`${node} neighbours`] = inNamespace(cluster, node, ["ip", "neigh", "show", "nud", "permanent"])
      .sort()
      .join("\n")
    state[`${node} rules`] = rules(inNamespace(cluster, node, ["nft", "list", "ruleset"]))
    state[`${node} kubelet files`] = files(join(directory, "kubelet"))
    state[`${node} network files`] = files(join(directory, "network"))
    state[`${node} sandboxes`] = list(join(directory, "containerd/state/io.containerd.grpc.v1.cri/sandboxes"))
    state[`${node} tasks`] = list(join(directory, "containerd/state/io.containerd.runtime.v2.task/k8s.io"))
    state[`${node} containers`] = list(
      join(directory, "containerd/root/io.containerd.grpc.v1.cri/containers"),
    )
  }
  return state
}

/** How two states differ, in words. Pure. */
export function differences(before: Record<string, string>, after: Record<string, string>): string[] {
  return Object.keys(before).flatMap((name) => {
    if (before[name] === after[name]) return []
    const had = new Set(before[name]!.split("\n"))
    const has = new Set((after[name] ?? "").split("\n"))
    const more = [...has].filter((line) => !had.has(line)).map((line) => `+ ${line.trim()}`)
    const less = [...had].filter((line) => !has.has(line)).map((line) => `- ${line.trim()}`)
    return [`${name}: ${[...more, ...less].slice(0, 12).join(" | ")}`]
  })
}

function lines(program: string, ...args: string[]): string[] {
  return execFileSync(program, args, { encoding: "utf8" }).split("\n")
}

const links = (text: readonly string[]) =>
  text
    .map((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? "")
    .sort()
    .join("\n")

/**
 * Without counters and timeouts, and without the API server's port, which is another one after each start. In order of text:
 * a node that started again has its tables in another order, and what is left behind shows all the same.
 */
const rulesOf = (serverPort: string, text: readonly string[]) =>
  text
    .map((line) => line.replace(/counter packets \d+ bytes \d+/g, "counter").replace(/ expires \S+/g, ""))
    .map((line) => line.replaceAll(new RegExp(`\\b${serverPort}\\b`, "g"), "PORT"))
    .sort()
    .join("\n")

function files(directory: string): string {
  const found = lines("sh", "-c", `cd ${directory} 2>/dev/null && find . -not -name '*.log' | sort || true`)
  return found.join("\n")
}

function list(directory: string): string {
  return listNames(directory).sort().join("\n")
}
