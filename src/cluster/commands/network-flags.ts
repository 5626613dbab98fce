import type { FlagValues } from "../../base/flags.ts"
import {
  formatNetwork,
  type IpFamily,
  ipFamily,
  type IpNetwork,
  networkIncludes,
  parseNetwork,
} from "../../base/ip-address.ts"
import type { OverlayMode } from "../../network/overlay/plan-overlay.ts"
import type { NetworkWishes } from "../networks/plan-networks.ts"
import { UsageError } from "./command.ts"

/** kubeadm's names where it has them. They count at a cluster's first start. */
export const networkFlags = {
  "ip-families": {
    type: "list",
    placeholder: "IPv4|IPv6,...",
    description: "of pods, Services and nodes, the first one first (IPv4)",
  },
  "pod-network-cidr": {
    type: "list",
    placeholder: "CIDR,...",
    description: "where pods get addresses, one range of each family (ranges that are free here)",
  },
  "service-cidr": {
    type: "list",
    placeholder: "CIDR,...",
    description: "where Services get addresses, one range of each family (ranges that are free here)",
  },
  "network-backend": {
    type: "string",
    placeholder: "vxlan|host-gw",
    description: "between nodes: packets in packets, or plain routes where all nodes share a link (vxlan)",
  },
} as const

type Kind = "pods" | "services"

/** A node gets /24 of the IPv4 range and /64 of the IPv6 one; a Service range needs its first ten addresses. */
const prefixLengths: Readonly<Record<Kind, Readonly<Record<IpFamily, readonly [number, number]>>>> = {
  pods: { 4: [1, 24], 6: [48, 64] },
  services: { 4: [1, 28], 6: [64, 124] },
}

/** Throws UsageError for ranges that cannot be had. */
export function parseNetworkWishes(values: FlagValues<typeof networkFlags>): NetworkWishes {
  const families = parseFamilies(values["ip-families"])
  const pods = parseRanges("pod-network-cidr", "pods", values["pod-network-cidr"])
  const services = parseRanges("service-cidr", "services", values["service-cidr"])
  const backend = parseBackend(values["network-backend"])
  const known = [families, pods?.map(ipFamily), services?.map(ipFamily)].filter((each) => each !== undefined)
  if (known.some((each) => each.join() !== known[0]!.join()))
    throw new UsageError(
      "--pod-network-cidr and --service-cidr must have one range of the same families, in the same order",
    )
  refuseOverlap(pods, services)
  return {
    ...(families && { families }),
    ...(pods && { pods }),
    ...(services && { services }),
    ...(backend && { backend }),
  }
}

/** Upstream's flag of the API server alone. */
export function parseServiceRanges(texts: readonly string[]): NetworkWishes {
  const services = parseRanges("service-cluster-ip-range", "services", texts)
  return services ? { services } : {}
}

function parseFamilies(texts: readonly string[]): readonly IpFamily[] | undefined {
  if (texts.length === 0) return undefined
  const families = texts.map((text) => /^ipv([46])$/i.exec(text)?.[1]).map(Number) as IpFamily[]
  if (families.some(Number.isNaN) || new Set(families).size < families.length)
    throw new UsageError(`--ip-families ${texts.join()}: expected IPv4, IPv6, or both once`)
  return families
}

function parseRanges(flag: string, kind: Kind, texts: readonly string[]): readonly string[] | undefined {
  if (texts.length === 0) return undefined
  const networks = texts.map((text) => parseRange(flag, kind, text))
  if (new Set(networks.map(({ family }) => family)).size < networks.length)
    throw new UsageError(
      `--${flag} ${texts.join()}: expected one (IPv4 or IPv6) CIDR or two CIDRs from each family for dual-stack networking`,
    )
  return networks.map(formatNetwork)
}

function parseRange(flag: string, kind: Kind, text: string): IpNetwork {
  const network = parseNetwork(text)
  if (!network)
    throw new UsageError(
      `--${flag} ${text}: expected a network, such as ${kind === "pods" ? "10.244.0.0/16" : "10.96.0.0/12"}`,
    )
  const [least, most] = prefixLengths[kind][network.family]
  if (network.prefixLength < least || network.prefixLength > most)
    throw new UsageError(
      `--${flag} ${text}: the prefix of an IPv${network.family} range is /${least} to /${most}`,
    )
  return network
}

function parseBackend(text: string | undefined): OverlayMode | undefined {
  if (text === undefined || text === "vxlan" || text === "host-gw") return text
  throw new UsageError(`--network-backend ${text}: there are vxlan and host-gw`)
}

function refuseOverlap(pods: readonly string[] = [], services: readonly string[] = []): void {
  for (const pod of pods)
    for (const service of services) {
      const [one, other] = [parseNetwork(pod)!, parseNetwork(service)!]
      if (networkIncludes(one, other) || networkIncludes(other, one))
        throw new UsageError(`--pod-network-cidr ${pod} and --service-cidr ${service} overlap`)
    }
}
