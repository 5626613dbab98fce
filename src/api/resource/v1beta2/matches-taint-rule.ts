import type { DeviceTaintRule } from "./device-taint-rule.ts"

/** Whether a rule is about a device; one that selects by nothing is about none. */
export function matchesTaintRule(
  { spec }: DeviceTaintRule,
  of: { readonly driver: string; readonly pool: string; readonly device: string },
): boolean {
  const selector = spec.deviceSelector
  if (!selector) return false
  return (["driver", "pool", "device"] as const).every(
    (part) => selector[part] === undefined || selector[part] === of[part],
  )
}
