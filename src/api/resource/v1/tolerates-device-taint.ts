import type { DeviceToleration } from "./resource-claim.ts"
import type { DeviceTaint } from "./resource-slice.ts"

/** As with nodes' taints: no key means any, no effect means any. */
export function toleratesDeviceTaint(
  toleration: Pick<DeviceToleration, "key" | "operator" | "value" | "effect">,
  taint: Pick<DeviceTaint, "key" | "value" | "effect">,
): boolean {
  const { key, operator, value, effect } = toleration
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  return operator === "Exists" || (value ?? "") === (taint.value ?? "")
}
