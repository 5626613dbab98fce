import type { DeviceRequestAllocationResult, ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import type { Device, DeviceTaint } from "../../api/resource/v1/resource-slice.ts"
import { tolerates } from "../../api/core/v1/tolerate-taints.ts"
import type { DeviceTaintRule } from "../../api/resource/v1beta2/device-taint-rule.ts"
import { matchesTaintRule } from "../../api/resource/v1beta2/matches-taint-rule.ts"

/** When a pod has to go, and by which rules; taints of drivers have none. */
export interface Eviction {
  readonly atMs: number
  readonly rules: ReadonlySet<string>
}

export interface Tainting {
  /** The device as its driver offers it now; undefined: no more. */
  readonly findDevice: (result: DeviceRequestAllocationResult) => Device | undefined
  readonly rules: readonly DeviceTaintRule[]
}

/**
 * When a pod that uses these claims must give up its devices: each taint that drives pods off counts from when it was
 * added, plus the shortest of the tolerations for it; the earliest counts
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/#device-taints-and-tolerations).
 */
export function planEviction(claims: readonly ResourceClaim[], tainting: Tainting): Eviction | undefined {
  let atMs = Number.POSITIVE_INFINITY
  const rules = new Set<string>()
  for (const { status } of claims)
    for (const result of status.allocation?.devices.results ?? [])
      for (const { taint, rule } of evictingTaints(result, tainting)) {
        const seconds = toleratedSeconds(result, taint)
        if (seconds === Number.POSITIVE_INFINITY) continue
        if (rule) rules.add(rule.metadata.uid)
        atMs = Math.min(atMs, Date.parse(taint.timeAdded ?? "") + seconds * 1000 || 0)
      }
  return Number.isFinite(atMs) ? { atMs, rules } : undefined
}

function evictingTaints(
  result: DeviceRequestAllocationResult,
  { findDevice, rules }: Tainting,
): { taint: DeviceTaint; rule?: DeviceTaintRule }[] {
  const ofDriver = (findDevice(result)?.taints ?? []).map((taint) => ({ taint }))
  const ofRules = rules
    .filter((rule) => matchesTaintRule(rule, result))
    .map((rule) => ({ taint: rule.spec.taint, rule }))
  return [...ofDriver, ...ofRules].filter(({ taint }) => taint.effect === "NoExecute")
}

/** 0: not at all. */
function toleratedSeconds({ tolerations = [] }: DeviceRequestAllocationResult, taint: DeviceTaint): number {
  const matching = tolerations.filter((each) => each.effect === "NoExecute" && tolerates(each, taint))
  if (matching.length === 0) return 0
  if (matching.some(({ tolerationSeconds }) => tolerationSeconds === undefined))
    return Number.POSITIVE_INFINITY
  return Math.min(...matching.map(({ tolerationSeconds }) => Math.max(0, tolerationSeconds!)))
}
