import { formatTime } from "../../apimachinery/time.ts"

/** The parts that all kinds of conditions share. */
export interface ConditionLike {
  type: string
  status: string
  lastTransitionTime?: string | undefined
  reason?: string | undefined
  message?: string | undefined
}

export function findCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/**
 * The list with one condition changed or added. The moment of transition changes only with `status`; a condition that
 * says the same in status, reason and message is left alone.
 */
export function withCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  condition: Omit<C, "lastTransitionTime">,
  nowMs: number,
): C[] {
  const list = conditions ?? []
  const present = findCondition(list, condition.type)
  if (!present) return [...list, { ...condition, lastTransitionTime: formatTime(nowMs) } as C]
  const same =
    present.status === condition.status &&
    (present.reason ?? "") === (condition.reason ?? "") &&
    (present.message ?? "") === (condition.message ?? "")
  if (same) return [...list]
  const lastTransitionTime =
    present.status === condition.status ? present.lastTransitionTime : formatTime(nowMs)
  return list.map((one) => (one === present ? { ...present, ...condition, lastTransitionTime } : one))
}

export function withoutCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): C[] {
  return (conditions ?? []).filter((condition) => condition.type !== type)
}
