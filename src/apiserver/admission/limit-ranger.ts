import type { KubeObject } from "../../apimachinery/meta.ts"
import { compareQuantities, formatQuantity, type Quantity } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import { LimitRange, type LimitRangeItem } from "../../api/core/v1/limit-range.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import {
  type Amounts,
  computePodLimits,
  computePodRequests,
  parseAmounts,
} from "../../api/core/v1/pod-resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { defaultResources } from "./limit-range-defaults.ts"
import { refuse } from "./refuse.ts"

/**
 * Keeps what is made in a namespace within its LimitRanges, and gives containers their default sizes
 * (https://kubernetes.io/docs/concepts/policy/limit-range/).
 */
export function limitRanger({ cache }: AdmissionContext): AdmissionPlugin {
  const rangesOf = ({ namespace, oldObject }: AdmissionAttributes): readonly LimitRange[] =>
    // What is on its way out only loses finalizers.
    oldObject?.metadata.deletionTimestamp ? [] : cache.list(LimitRange, { namespace })

  return {
    name: "LimitRanger",
    on: [
      { operations: ["CREATE"], resources: ["pods"] },
      { operations: ["UPDATE"], resources: ["pods/resize"] },
      { operations: ["CREATE", "UPDATE"], resources: ["persistentvolumeclaims"] },
    ],
    mutate(attributes) {
      if (attributes.kind.kind !== "Pod") return attributes.object
      return rangesOf(attributes).reduce(
        (pod, range) => defaultResources(pod, range),
        attributes.object as Pod,
      )
    },
    validate(attributes) {
      for (const range of rangesOf(attributes)) {
        const problems = range.spec.limits.flatMap((limit) =>
          problemsOf(limit, attributes.object!, attributes.kind.kind),
        )
        const unique = [...new Set(problems)]
        if (unique.length > 0)
          throw refuse(attributes, unique.length === 1 ? unique[0]! : `[${unique.join(", ")}]`)
      }
    },
  }
}

function problemsOf(limit: LimitRangeItem, object: KubeObject, kind: string): string[] {
  if (kind === "PersistentVolumeClaim") {
    if (limit.type !== "PersistentVolumeClaim") return []
    const requests = parseAmounts((object as PersistentVolumeClaim).spec.resources?.requests)
    return [...belowMin(limit, requests, {}), ...aboveMaxRequest(limit, requests)]
  }
  const { spec } = object as Pod
  if (limit.type === "Container") {
    const containers: readonly Container[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
    return containers.flatMap(({ resources }) =>
      allProblems(limit, parseAmounts(resources?.requests), parseAmounts(resources?.limits)),
    )
  }
  if (limit.type !== "Pod") return []
  const options = { excludeOverhead: true }
  return allProblems(
    limit,
    computePodRequests(object as Pod, options),
    computePodLimits(object as Pod, options),
  )
}

function allProblems(limit: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return [
    ...belowMin(limit, requests, limits),
    ...aboveMax(limit, requests, limits),
    ...aboveRatio(limit, requests, limits),
  ]
}

type Check = (name: string, enforced: Quantity) => string | undefined

function check(list: LimitRangeItem["min"], problemOf: Check): string[] {
  return Object.entries(parseAmounts(list)).flatMap(([name, enforced]) => problemOf(name, enforced) ?? [])
}

function belowMin({ type, min }: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return check(min, (name, enforced) => {
    const start = `minimum ${name} usage per ${type} is ${formatQuantity(enforced)}`
    const request = requests[name]
    const limit = limits[name]
    if (!request) return `${start}.  No request is specified`
    if (compareQuantities(request, enforced) < 0) return `${start}, but request is ${formatQuantity(request)}`
    if (limit && compareQuantities(limit, enforced) < 0)
      return `${start}, but limit is ${formatQuantity(limit)}`
    return undefined
  })
}

function aboveMax({ type, max }: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return check(max, (name, enforced) => {
    const start = `maximum ${name} usage per ${type} is ${formatQuantity(enforced)}`
    const request = requests[name]
    const limit = limits[name]
    if (!limit) return `${start}.  No limit is specified`
    if (compareQuantities(limit, enforced) > 0) return `${start}, but limit is ${formatQuantity(limit)}`
    if (request && compareQuantities(request, enforced) > 0)
      return `${start}, but request is ${formatQuantity(request)}`
    return undefined
  })
}

/** For what has no limits: claims. */
function aboveMaxRequest({ type, max }: LimitRangeItem, requests: Amounts): string[] {
  return check(max, (name, enforced) => {
    const start = `maximum ${name} usage per ${type} is ${formatQuantity(enforced)}`
    const request = requests[name]
    if (!request) return `${start}.  No request is specified`
    if (compareQuantities(request, enforced) > 0) return `${start}, but request is ${formatQuantity(request)}`
    return undefined
  })
}

function aboveRatio(
  { type, maxLimitRequestRatio }: LimitRangeItem,
  requests: Amounts,
  limits: Amounts,
): string[] {
  return check(maxLimitRequestRatio, (name, enforced) => {
    const start = `${name} max limit to request ratio per ${type} is ${formatQuantity(enforced)}`
    const request = requests[name]
    const limit = limits[name]
    if (!request || request.nanos === 0n) return `${start}, but no request is specified or request is 0`
    if (!limit || limit.nanos === 0n) return `${start}, but no limit is specified or limit is 0`
    const ratio = Number(limit.nanos) / Number(request.nanos)
    return ratio > Number(enforced.nanos) / 1e9
      ? `${start}, but provided ratio is ${ratio.toFixed(6)}`
      : undefined
  })
}
