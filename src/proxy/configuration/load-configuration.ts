import { ConfigurationError, decodeGivenFields } from "../../apimachinery/decode-configuration.ts"
import { ipFamily, parseNetwork } from "../../base/ip-address.ts"
import { type ConntrackConfiguration, ProxyConfiguration } from "./proxy-configuration.ts"
import { findRefusals, findWithoutEffect } from "./without-effect.ts"

/** How a proxy is to work. What is absent was not asked for. */
export interface ProxySettings {
  readonly kubeconfig?: string
  readonly nodeName?: string
  readonly podNetworks: readonly string[]
  /** Where node ports are open: networks, or "primary" for the node's own addresses. Absent: primary, as with upstream's nftables. */
  readonly nodePortAddresses?: readonly string[] | "primary"
  readonly masqueradeAll: boolean
  /** "ADDR:PORT", or an address alone for the usual port. */
  readonly healthzBindAddress?: string
  readonly metricsBindAddress?: string
  /** Tells where the process spends its time, where monitoring asks. */
  readonly profiling: boolean
  /** A port that somebody else has is the end. */
  readonly bindAddressHardFail: boolean
  readonly oomScoreAdj?: number
  readonly conntrack?: ConntrackConfiguration
}

export interface LoadedSettings {
  readonly settings: ProxySettings
  /** What the file asks for that is without effect here. */
  readonly warnings: readonly string[]
}

/**
 * Reads the text of `--config`. Fields that are not known are refused, those that cannot be followed are refused or warned
 * of.
 *
 * @throws ConfigurationError
 */
export function loadConfiguration(text: string, path: string): LoadedSettings {
  const given: Partial<ProxyConfiguration> = decodeGivenFields(text, path, {
    group: "kubeproxy.config.k8s.io",
    versions: ["v1alpha1"],
    kind: "KubeProxyConfiguration",
    schema: ProxyConfiguration,
  })
  const problems = [...findRefusals(given), ...validate(given)]
  if (problems.length > 0)
    throw new ConfigurationError(
      `${path}: ${problems.map((problem) => `KubeProxyConfiguration.${problem}`).join(", ")}`,
    )
  return {
    settings: settingsOf(given),
    warnings: findWithoutEffect(given).map((warning) => `${path}: ${warning}`),
  }
}

/** kubeadm writes "" and null for what it leaves to the proxy. */
function settingsOf(given: Partial<ProxyConfiguration>): ProxySettings {
  const { conntrack, nftables } = given
  const { nodePortAddresses: ports = [], oomScoreAdj } = given
  const { kubeconfig } = given.clientConnection ?? {}
  return {
    ...(kubeconfig && { kubeconfig }),
    ...(given.hostnameOverride && { nodeName: given.hostnameOverride.trim().toLowerCase() }),
    podNetworks: rangesOf(given.clusterCIDR),
    ...(ports.length > 0 && { nodePortAddresses: ports[0] === "primary" ? "primary" : ports }),
    masqueradeAll: nftables?.masqueradeAll ?? false,
    ...(given.healthzBindAddress && { healthzBindAddress: given.healthzBindAddress }),
    ...(given.metricsBindAddress && { metricsBindAddress: given.metricsBindAddress }),
    profiling: given.enableProfiling ?? false,
    bindAddressHardFail: given.bindAddressHardFail ?? false,
    ...(typeof oomScoreAdj === "number" && { oomScoreAdj }),
    ...(conntrack && { conntrack }),
  }
}

function validate(given: Partial<ProxyConfiguration>): string[] {
  const { clusterCIDR, nodePortAddresses = [], oomScoreAdj } = given
  const ranges = rangesOf(clusterCIDR)
  const problems: string[] = []
  if (ranges.some((range) => !parseNetwork(range)))
    problems.push(
      `clusterCIDR: Invalid value: "${clusterCIDR}": must be a valid CIDR block (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48)`,
    )
  else if (ranges.length > 2 || new Set(ranges.map(ipFamily)).size < ranges.length)
    problems.push(
      `clusterCIDR: Invalid value: "${clusterCIDR}": must be a either a single CIDR block or a comma-separated pair of IPv4 and IPv6 CIDR blocks`,
    )
  for (const [index, address] of nodePortAddresses.entries()) {
    const isAlone = address === "primary" && nodePortAddresses.length === 1
    if (!isAlone && !parseNetwork(address))
      problems.push(`nodePortAddresses[${index}]: Invalid value: "${address}": must be a valid CIDR block`)
  }
  if (typeof oomScoreAdj === "number" && Math.abs(oomScoreAdj) > 1000)
    problems.push(`oomScoreAdj: Invalid value: ${oomScoreAdj}: must be within the range [-1000, 1000]`)
  return problems
}

function rangesOf(text = ""): string[] {
  return text.split(",").filter(Boolean)
}
