import type { Pod } from "../../api/core/v1/pod.ts"
import type { DnsConfig } from "../../container-runtime/cri.ts"

export interface ClusterDns {
  /** Where Services and pods are looked up; empty when the cluster has no DNS. */
  readonly servers: readonly string[]
  /** "cluster.local" */
  readonly domain: string
  /** What /etc/resolv.conf of the node says. */
  readonly host: DnsConfig
}

const maxSearches = 32
const maxNameservers = 3

/** What a pod's /etc/resolv.conf says. (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/) */
export function podDns(pod: Pod, cluster: ClusterDns): DnsConfig {
  const { dnsConfig } = pod.spec
  const base = baseDns(pod, cluster)
  return {
    servers: unique([...base.servers, ...(dnsConfig?.nameservers ?? [])]).slice(0, maxNameservers),
    searches: unique([...base.searches, ...(dnsConfig?.searches ?? [])]).slice(0, maxSearches),
    options: mergeOptions(
      base.options,
      (dnsConfig?.options ?? []).map(({ name = "", value }) => (value ? `${name}:${value}` : name)),
    ),
  }
}

function baseDns(pod: Pod, { servers, domain, host }: ClusterDns): DnsConfig {
  const { dnsPolicy, hostNetwork } = pod.spec
  const namespace = pod.metadata.namespace ?? ""
  if (dnsPolicy === "None") return { servers: [], searches: [], options: [] }
  const usesHost = dnsPolicy === "Default" || (dnsPolicy === "ClusterFirst" && hostNetwork)
  if (usesHost || servers.length === 0) return host
  return {
    servers: [...servers],
    searches: unique([`${namespace}.svc.${domain}`, `svc.${domain}`, domain, ...host.searches]),
    options: ["ndots:5"],
  }
}

/** The pod's own word on an option replaces the default's. */
function mergeOptions(base: readonly string[], own: readonly string[]): string[] {
  const nameOf = (option: string) => option.split(":")[0]!
  const merged = new Map([...base, ...own].map((option) => [nameOf(option), option]))
  return [...merged.values()]
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}

/** Reads the text of a resolv.conf. */
export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] }
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/)
    if (keyword === "nameserver" && values[0]) config.servers.push(values[0])
    if (keyword === "search" || keyword === "domain")
      config.searches = values.filter((value) => value !== ".")
    if (keyword === "options") config.options.push(...values)
  }
  return config
}
