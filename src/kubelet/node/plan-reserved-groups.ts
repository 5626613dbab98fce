import { quantityMilliValue, quantityValue } from "../../apimachinery/quantity.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { cpuShares } from "../containers/linux-resources.ts"

export interface ReservedGroup {
  /** How errors call it. */
  readonly title: string
  /** Somebody else has made it. */
  readonly group: string
  readonly limits: { readonly cpuShares?: number; readonly memoryBytes?: number; readonly processes?: number }
}

type Settings = Pick<
  KubeletConfiguration,
  "enforceNodeAllocatable" | "kubeReserved" | "systemReserved" | "kubeReservedCgroup" | "systemReservedCgroup"
>

/** The groups that are held to what is reserved for them, as `enforceNodeAllocatable` says. Pure. */
export function planReservedGroups(settings: Settings): ReservedGroup[] {
  const whose = [
    ["System Reserved", "system-reserved", settings.systemReservedCgroup, settings.systemReserved],
    ["Kube Reserved", "kube-reserved", settings.kubeReservedCgroup, settings.kubeReserved],
  ] as const
  return whose.flatMap(([title, key, group = "", amounts = {}]): ReservedGroup[] => {
    const cpu =
      amounts["cpu"] === undefined ? {} : { cpuShares: cpuShares(quantityMilliValue(amounts["cpu"])) }
    const { memory, pid } = amounts
    const rest = {
      ...(memory !== undefined && { memoryBytes: quantityValue(memory) }),
      ...(pid !== undefined && { processes: quantityValue(pid) }),
    }
    const enforced = settings.enforceNodeAllocatable
    if (enforced.includes(key)) return [{ title, group, limits: { ...cpu, ...rest } }]
    if (!enforced.includes(`${key}-compressible`)) return []
    return [{ title: `${title} Compressible`, group, limits: cpu }]
  })
}
