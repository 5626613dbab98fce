import type { DeviceToleration } from "../../resource/v1/resource-claim.ts"
import type { DeviceTaint } from "../../resource/v1/resource-slice.ts"
import type { Taint, Toleration } from "./toleration.ts"

/**
 * Whether a toleration covers a taint, of a node (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/)
 * or of a device, where it is the same but that numbers are not compared. No key means any, no effect means any.
 */
export function tolerates(
  toleration: Pick<Toleration | DeviceToleration, "key" | "operator" | "value" | "effect">,
  taint: Pick<Taint | DeviceTaint, "key" | "value" | "effect">,
): boolean {
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
