import type { KubeObject } from "../../apimachinery/meta.ts"
import { describeAmounts, excessAmounts, filterAmounts, sumAmounts } from "../../api/core/quota/amounts.ts"
import { isInScope, type QuotaChange, type QuotaEvaluator } from "../../api/core/quota/quota-evaluator.ts"
import { type Amounts, formatAmounts, parseAmounts } from "../../api/core/v1/pod-resources.ts"
import type { ResourceQuota } from "../../api/core/v1/resource-quota.ts"

export type Charge =
  | { readonly refused: string }
  /** In the order given; a quota that is not touched is the same object. */
  | { readonly quotas: readonly ResourceQuota[] }

/** What the quotas of a namespace look like once a write is charged to those it falls under. */
export function chargeQuotas(
  quotas: readonly ResourceQuota[],
  change: QuotaChange,
  evaluator: QuotaEvaluator,
): Charge {
  const concerned = quotas.filter((quota) => isConcerned(quota, change.object, evaluator))
  if (concerned.length === 0) return { quotas }
  for (const quota of concerned) {
    const refused = findObstacle(quota, change.object, evaluator)
    if (refused) return { refused }
  }

  const usage = evaluator.usageOf(change.object)
  const negative = filterAmounts(usage, (_, { nanos }) => nanos < 0n)
  if (Object.keys(negative).length > 0)
    return { refused: `quota usage is negative for resource(s): ${describeNames(Object.keys(negative))}` }

  const charged: ResourceQuota[] = []
  for (const quota of quotas) {
    const asked = concerned.includes(quota) ? newUsage(quota, change, evaluator, usage) : {}
    const outcome = chargeOne(quota, asked, change.subresource !== "status")
    if ("refused" in outcome) return outcome
    charged.push(outcome.quota)
  }
  return { quotas: charged }
}

function isConcerned(quota: ResourceQuota, object: KubeObject, evaluator: QuotaEvaluator): boolean {
  return trackedNames(quota, evaluator).length > 0 && isInScope(evaluator, quota, object)
}

function trackedNames({ status }: ResourceQuota, evaluator: QuotaEvaluator): string[] {
  return Object.keys(status.hard ?? {}).filter((name) => evaluator.tracks(name))
}

function findObstacle(
  quota: ResourceQuota,
  object: KubeObject,
  evaluator: QuotaEvaluator,
): string | undefined {
  const names = trackedNames(quota, evaluator)
  const omission = evaluator.findOmission?.(object, names)
  if (omission) return `failed quota: ${quota.metadata.name}: ${omission}`
  // Nobody counted yet how much of it is used.
  if (names.some((name) => quota.status.used?.[name] === undefined))
    return `status unknown for quota: ${quota.metadata.name}, resources: ${describeNames(names)}`
  return undefined
}

/** What is new: all of it, unless the quota has been charged for the object's old state. */
function newUsage(
  quota: ResourceQuota,
  { operation, oldObject }: QuotaChange,
  evaluator: QuotaEvaluator,
  usage: Amounts,
): Amounts {
  if (operation !== "UPDATE" || !oldObject || !isConcerned(quota, oldObject, evaluator)) return usage
  return excessAmounts(usage, evaluator.usageOf(oldObject))
}

function chargeOne(
  quota: ResourceQuota,
  asked: Amounts,
  isLimited: boolean,
): { refused: string } | { quota: ResourceQuota } {
  const hard = parseAmounts(quota.status.hard)
  const requested = filterAmounts(asked, (name, { nanos }) => name in hard && nanos !== 0n)
  if (Object.keys(requested).length === 0) return { quota }
  const used = parseAmounts(quota.status.used)
  const total = sumAmounts(used, requested)
  const isExceeded = (name: string) => name in requested && total[name]!.nanos > hard[name]!.nanos
  const exceeded = Object.keys(total).filter(isExceeded)
  if (isLimited && exceeded.length > 0) {
    const describe = (amounts: Amounts) => describeAmounts(filterAmounts(amounts, isExceeded))
    return {
      refused: `exceeded quota: ${quota.metadata.name}, requested: ${describe(requested)}, used: ${describe(used)}, limited: ${describe(hard)}`,
    }
  }
  return { quota: { ...quota, status: { ...quota.status, used: formatAmounts(total) } } }
}

function describeNames(names: readonly string[]): string {
  return names.toSorted().join(",")
}
