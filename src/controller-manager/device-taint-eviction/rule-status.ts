import type { Condition } from "../../api/meta/v1/condition.ts"
import type { DeviceTaintRule } from "../../api/resource/v1beta2/device-taint-rule.ts"

export const conditionType = "EvictionInProgress"

/** What a rule does, or for one without effect would do. */
export interface RuleFigures {
  readonly publishedDevices: number
  readonly allocatedDevices: number
  readonly pendingPods: number
  readonly pendingNamespaces: number
  /** Since the controller started. */
  readonly evictedPods: number
}

export type RuleCondition = Pick<Condition, "type" | "status" | "reason" | "message" | "observedGeneration">

export function computeRuleCondition(rule: DeviceTaintRule, figures: RuleFigures): RuleCondition {
  const { evictedPods } = figures
  const { message, ...rest } = describe(rule, figures)
  const evicted = evictedPods > 0 ? `${count(evictedPods, "pod")} evicted since starting the controller.` : ""
  return {
    type: conditionType,
    status: "False",
    ...rest,
    message: [message, evicted].filter(Boolean).join(" "),
    observedGeneration: rule.metadata.generation,
  }
}

function describe({ spec }: DeviceTaintRule, figures: RuleFigures) {
  const { publishedDevices, allocatedDevices, pendingPods, pendingNamespaces, evictedPods } = figures
  const namespaces = pendingNamespaces === 1 ? "1 namespace" : `${pendingNamespaces} different namespaces`
  switch (spec.taint.effect) {
    case "NoExecute": {
      if (pendingPods === 0) return { reason: evictedPods > 0 ? "Completed" : "NotStarted", message: "" }
      const need = pendingPods === 1 ? "1 pod needs" : `${pendingPods} pods need`
      const message = `${need} to be evicted in ${namespaces}.`
      return { status: "True", reason: "PodsPendingEviction", message }
    }
    case "None": {
      const selected = `${count(publishedDevices, "published device")} selected. ${count(allocatedDevices, "allocated device")} selected.`
      const would = `${count(pendingPods, "pod")} would be evicted in ${namespaces} if the effect was NoExecute.`
      const once =
        "This information will not be updated again. Recreate the DeviceTaintRule to trigger an update."
      return { reason: "NoEffect", message: `${selected} ${would} ${once}` }
    }
    default:
      return { reason: "OtherEffect", message: "Eviction only happens for the NoExecute effect." }
  }
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`
}
