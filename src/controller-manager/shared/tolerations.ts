import type { Taint, Toleration } from "../../api/core/v1/toleration.ts"

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#concepts */
export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  switch (operator || "Equal") {
    case "Exists":
      return true
    case "Equal":
      return Boolean(key) && (value ?? "") === (taint.value ?? "")
    case "Gt":
    case "Lt":
      return comparesWith(operator!, taint.value ?? "", value ?? "")
    default:
      return false
  }
}

/** The taints of these effects that none of the tolerations tolerates. */
export function untolerated(
  tolerations: readonly Toleration[] | undefined,
  taints: readonly Taint[] | undefined,
  effects: readonly Taint["effect"][],
): readonly Taint[] {
  return (taints ?? []).filter(
    (taint) => effects.includes(taint.effect) && !tolerations?.some((one) => tolerates(one, taint)),
  )
}

/** Numeric operators: the taint's value against the toleration's. */
function comparesWith(operator: string, taintValue: string, bound: string): boolean {
  const [actual, limit] = [Number(taintValue), Number(bound)]
  if (!Number.isInteger(actual) || !Number.isInteger(limit) || taintValue === "" || bound === "") return false
  return operator === "Gt" ? actual > limit : actual < limit
}
