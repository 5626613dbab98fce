import type { Pod } from "../../api/core/v1/pod.ts"
import { podHostname } from "./pod-hostname.ts"

const managed = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "fe00::0\tip6-mcastprefix",
  "fe00::1\tip6-allnodes",
  "fe00::2\tip6-allrouters",
]

/** The text of a pod's /etc/hosts. */
export function hostsFile(pod: Pod, podIps: readonly string[], clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain)
  const names = domain ? `${hostname}.${domain}\t${hostname}` : hostname
  const own = podIps.map((ip) => `${ip}\t${names}`)
  return lines(["# Kubernetes-managed hosts file.", ...managed, ...own, ...aliases(pod)])
}

/** For pods on the host's network: the host's own file with the pod's aliases added. */
export function hostsFileOfHost(hostText: string, pod: Pod): string {
  return lines(["# Kubernetes-managed hosts file (host network).", hostText.trimEnd(), ...aliases(pod)])
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`
}

function aliases({ spec: { hostAliases = [] } }: Pod): string[] {
  if (hostAliases.length === 0) return []
  const entries = hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}`)
  return ["", "# Entries added by HostAliases.", ...entries]
}
