import type { Taint, Toleration } from "./toleration.ts"

/** Whether a toleration covers a taint (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/). */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator || "Equal") {
    case "Exists":
      return true
    case "Equal":
      return (toleration.value ?? "") === (taint.value ?? "")
    case "Gt":
      return compareNumbers(taint.value, toleration.value, (a, b) => a > b)
    case "Lt":
      return compareNumbers(taint.value, toleration.value, (a, b) => a < b)
    default:
      return false
  }
}

export function findUntolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  concerns: (taint: Taint) => boolean,
): Taint | undefined {
  return taints.find(
    (taint) => concerns(taint) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  )
}

function compareNumbers(
  taint: string | undefined,
  toleration: string | undefined,
  holds: (a: number, b: number) => boolean,
): boolean {
  const whole = /^-?(0|[1-9]\d*)$/
  if (!whole.test(taint ?? "") || !whole.test(toleration ?? "")) return false
  return holds(Number(taint), Number(toleration))
}
