import type { Clock } from "../../../base/clock.ts"
import { isExtendedResource, isNativeResource } from "../validation/resources.ts"
import type { PodAffinityTerm } from "../v1/affinity.ts"
import type { Container } from "../v1/container.ts"
import {
  type Amounts,
  computePodLimits,
  computePodRequests,
  isHugePageResource,
  isPodLevelResource,
  parseAmounts,
} from "../v1/pod-resources.ts"
import type { Pod } from "../v1/pod.ts"
import type { ScopedResourceSelectorRequirement } from "../v1/resource-quota.ts"
import { oneItem } from "./amounts.ts"
import { matchesNames, type QuotaEvaluator } from "./quota-evaluator.ts"

/**
 * Pods count by number and by what they ask for. A pod that has ended, or that should long be gone, asks for nothing any
 * more; only "count/pods" still sees it.
 */
export function podQuota(clock: Clock): QuotaEvaluator<Pod> {
  return {
    resource: "pods",
    isCharged({ operation, subresource, object, oldObject }) {
      if (subresource === "resize") return operation === "UPDATE"
      if (subresource !== "") return false
      if (operation === "CREATE") return true
      // It moves from one scope to another.
      return operation === "UPDATE" && !!oldObject && isTerminating(object) !== isTerminating(oldObject)
    },
    tracks: isPodQuotaName,
    usageOf: (pod) => computePodUsage(pod, clock),
    matchesScope,
    findOmission,
  }
}

const names: ReadonlySet<string> = new Set([
  "count/pods",
  "pods",
  ...["cpu", "memory", "ephemeral-storage"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
])

function isPodQuotaName(name: string): boolean {
  return (
    names.has(name) ||
    name.startsWith("hugepages-") ||
    name.startsWith("requests.hugepages-") ||
    isExtendedQuotaName(name)
  )
}

const deviceClassPrefix = "deviceclass.resource.kubernetes.io/"

/** "requests.example.com/gpu": what cannot be overcommitted is counted by its requests. */
export function isExtendedQuotaName(name: string): boolean {
  return (
    name.startsWith("requests.") &&
    (!isNativeResource(name) || name.startsWith(`requests.${deviceClassPrefix}`))
  )
}

export function computePodUsage(pod: Pod, clock: Clock): Amounts {
  const count: Amounts = { "count/pods": oneItem }
  if (!usesResources(pod, clock)) return count
  const options = { useStatus: true }
  return { ...count, ...usageOf(computePodRequests(pod, options), computePodLimits(pod, options)) }
}

const splitResources = ["cpu", "memory", "ephemeral-storage"]

function usageOf(requests: Amounts, limits: Amounts): Amounts {
  const usage: Amounts = { pods: oneItem }
  for (const name of splitResources) {
    const limit = limits[name]
    if (limit) usage[`limits.${name}`] = limit
  }
  for (const [name, request] of Object.entries(requests)) {
    const isSplit = splitResources.includes(name)
    const isHugePage = isHugePageResource(name)
    if (isSplit || isHugePage) usage[name] = request
    if (isSplit || isHugePage || isExtendedResource(name) || name.startsWith(deviceClassPrefix))
      usage[`requests.${name}`] = request
  }
  return usage
}

function usesResources({ metadata, status }: Pod, clock: Clock): boolean {
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return false
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (!deletionTimestamp || deletionGracePeriodSeconds === undefined) return true
  // On a lost node it may be stuck for long; its owner should be able to start another.
  return clock.now() <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

function matchesScope(pod: Pod, scope: ScopedResourceSelectorRequirement): boolean {
  switch (scope.scopeName) {
    case "Terminating":
      return isTerminating(pod)
    case "NotTerminating":
      return !isTerminating(pod)
    case "BestEffort":
      return isBestEffort(pod)
    case "NotBestEffort":
      return !isBestEffort(pod)
    case "PriorityClass":
      return matchesNames(scope, pod.spec.priorityClassName ? [pod.spec.priorityClassName] : [])
    case "CrossNamespacePodAffinity":
      return affinityTerms(pod).some((term) => (term.namespaces ?? []).length > 0 || !!term.namespaceSelector)
    default:
      return false
  }
}

/** It is meant to end by itself. */
function isTerminating({ spec }: Pod): boolean {
  return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
}

function isBestEffort({ spec, status }: Pod): boolean {
  if (status?.qosClass) return status.qosClass === "BestEffort"
  const parts = [spec, ...spec.containers, ...(spec.initContainers ?? [])]
  return parts.every(({ resources }) =>
    [parseAmounts(resources?.requests), parseAmounts(resources?.limits)].every((amounts) =>
      ["cpu", "memory"].every((name) => (amounts[name]?.nanos ?? 0n) === 0n),
    ),
  )
}

function affinityTerms({ spec: { affinity } }: Pod): PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((each) => [
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ])
}

/** An old rule that stays for these six alone: where they are counted, every container has to say them. */
const mustBeSaid: ReadonlySet<string> = new Set(
  ["cpu", "memory"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
)

function findOmission({ spec }: Pod, quotaNames: readonly string[]): string | undefined {
  if (hasOwnResources(spec)) return undefined
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const omissions = quotaNames
    .filter((name) => mustBeSaid.has(name))
    .toSorted()
    .flatMap((name) => {
      const silent = containers.filter((container) => !says(container, name)).map((each) => each.name)
      return silent.length > 0 ? [`${name} for: ${[...new Set(silent)].toSorted().join(",")}`] : []
    })
  return omissions.length > 0 ? `must specify ${omissions.join("; ")}` : undefined
}

function hasOwnResources({ resources }: Pod["spec"]): boolean {
  return Object.keys({ ...resources?.requests, ...resources?.limits }).some(isPodLevelResource)
}

function says({ resources }: Container, name: string): boolean {
  return name in usageOf(parseAmounts(resources?.requests), parseAmounts(resources?.limits))
}
