import { parseQuantity } from "../../apimachinery/quantity.ts"
import type { Pod, PodQOSClass } from "../../api/core/v1/pod.ts"

/**
 * How dear a pod is to its node: Guaranteed if every container has limits for cpu and memory and asks for just those;
 * BestEffort if none asks for anything; otherwise Burstable.
 * (https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/)
 */
export function computeQosClass({ spec }: Pick<Pod, "spec">): PodQOSClass {
  const lists = spec.resources
    ? [spec.resources]
    : [...(spec.initContainers ?? []), ...spec.containers].map(({ resources }) => resources)
  const amount = (list: Record<string, string | number> | undefined, name: string) =>
    parseQuantity(list?.[name] ?? 0).nanos
  const resources = ["cpu", "memory"]
  const asks = lists.some((list) =>
    resources.some((name) => amount(list?.requests, name) > 0n || amount(list?.limits, name) > 0n),
  )
  if (!asks) return "BestEffort"
  const isGuaranteed = lists.every((list) =>
    resources.every((name) => {
      const limit = amount(list?.limits, name)
      const request = list?.requests?.[name] === undefined ? limit : amount(list.requests, name)
      return limit > 0n && request === limit
    }),
  )
  return isGuaranteed ? "Guaranteed" : "Burstable"
}

/** As it was found when the pod was accepted: what is resized later does not change it. */
export function qosClassOf(pod: Pod): PodQOSClass {
  return pod.status.qosClass ?? computeQosClass(pod)
}
