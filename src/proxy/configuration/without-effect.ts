import type { ProxyConfiguration } from "./proxy-configuration.ts"

type Given = Partial<ProxyConfiguration>

/**
 * What a file asks for that this proxy does otherwise: it is warned of, for Services work all the same. Values that upstream
 * takes for "not said" (kubeadm writes all of them) are no wish.
 */
export function findWithoutEffect(given: Given): string[] {
  const warnings: string[] = []
  const warn = (path: string, isWished: unknown, why: string) => {
    if (isWished) warnings.push(`${path} is without effect: ${why}`)
  }
  const { clientConnection: connection, nftables, logging } = given
  for (const [name, isOn] of Object.entries(given.featureGates ?? {}))
    warn(`featureGates.${name}`, isOn, "there are no features to switch here")
  warn("clientConnection.contentType", connection?.contentType, "the proxy speaks JSON")
  warn("clientConnection.acceptContentTypes", connection?.acceptContentTypes, "the proxy speaks JSON")
  warn("clientConnection.qps", connection?.qps, "requests to the API server are not limited here")
  warn("clientConnection.burst", connection?.burst, "requests to the API server are not limited here")
  warn("logging", logging?.verbosity || (logging?.format || "text") !== "text", "see --verbose")
  warn("bindAddress", !isAnyAddress(given.bindAddress), "the node's addresses are those of its Node")
  warn("showHiddenMetricsForVersion", given.showHiddenMetricsForVersion, "no metrics are hidden")
  warn("nftables.syncPeriod", isTime(nftables?.syncPeriod, "30s"), "rules are looked after every 30 s")
  warn("nftables.minSyncPeriod", isTime(nftables?.minSyncPeriod, "1s"), "changes are made at once")
  warn("configSyncPeriod", isTime(given.configSyncPeriod, "15m0s"), "what changes is always watched")
  warn("portRange", given.portRange, "node ports are given by the API server")
  warn("windowsRunAsService", given.windowsRunAsService, "this is not Windows")
  return warnings
}

/** What somebody relies on who asks for it: a proxy that did not follow it would be another one. */
export function findRefusals(given: Given): string[] {
  const { mode, nftables, detectLocalMode } = given
  const refusals: string[] = []
  if (mode && mode !== "nftables")
    refusals.push(`mode: Invalid value: "${mode}": Services are made of nftables rules alone`)
  if (detectLocalMode && detectLocalMode !== "ClusterCIDR")
    refusals.push(
      `detectLocalMode: Invalid value: "${detectLocalMode}": pods are known by their addresses (ClusterCIDR)`,
    )
  if ((nftables?.masqueradeBit ?? usualMasqueradeBit) !== usualMasqueradeBit)
    refusals.push(
      `nftables.masqueradeBit: Invalid value: ${nftables!.masqueradeBit}: bit ${usualMasqueradeBit} of the mark is used`,
    )
  return refusals
}

const usualMasqueradeBit = 14

function isTime(value: string | undefined, usual: string): boolean {
  return value !== undefined && value !== "" && value !== "0s" && value !== usual
}

function isAnyAddress(address: string | undefined): boolean {
  return !address || address === "0.0.0.0" || address === "::"
}
