import { quote } from "../../base/quote.ts"
import type { KubeletConfiguration } from "./kubelet-configuration.ts"

const pods = "pods"
const none = "none"
const systemKeys = ["system-reserved", "system-reserved-compressible"]
const kubeKeys = ["kube-reserved", "kube-reserved-compressible"]
const list = "enforceNodeAllocatable (--enforce-node-allocatable)"

/** What is wrong with `enforceNodeAllocatable`, in upstream's words. Pure. */
export function validateEnforcement({
  enforceNodeAllocatable: keys,
  systemReservedCgroup,
  kubeReservedCgroup,
  cgroupsPerQOS,
}: KubeletConfiguration): string[] {
  const problems: string[] = []
  for (const [whole, compressible] of [systemKeys, kubeKeys])
    if (keys.includes(whole!) && keys.includes(compressible!))
      problems.push(
        `both ${quote(whole!)} and ${quote(compressible!)} cannot be specified together in ${list}`,
      )
  const seen = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) {
      problems.push(`duplicated enforcements ${quote(key)} in ${list}`)
      continue
    }
    seen.add(key)
    if (key === none) {
      if (keys.length > 1)
        problems.push(`${list} may not contain additional enforcements when "none" is specified`)
      continue
    }
    if (![pods, ...systemKeys, ...kubeKeys].includes(key)) {
      const valid = [pods, ...systemKeys, ...kubeKeys].map(quote).join(", ")
      problems.push(
        `option ${quote(key)} specified for ${list}. Valid options are ${valid} or ${quote(none)}`,
      )
      continue
    }
    if (systemKeys.includes(key) && !systemReservedCgroup)
      problems.push(missingGroup("systemReservedCgroup (--system-reserved-cgroup)", systemKeys))
    if (kubeKeys.includes(key) && !kubeReservedCgroup)
      problems.push(missingGroup("kubeReservedCgroup (--kube-reserved-cgroup)", kubeKeys))
    if (!cgroupsPerQOS)
      problems.push(
        `cgroupsPerQOS (--cgroups-per-qos) must be set to true when ${quote(key)} contained in ${list}`,
      )
  }
  return problems
}

function missingGroup(field: string, keys: readonly string[]): string {
  return `${field} must be specified when ${keys.map(quote).join(" or ")} included in ${list}`
}
