import { baselineControls } from "./baseline-controls.ts"
import type { Control, PodLike, Violation } from "./control.ts"
import { formatStandard, type Standard } from "./policy.ts"
import { restrictedControls } from "./restricted-controls.ts"

/** In what a pod breaks a standard; empty when it meets it. */
export function judgePod(pod: PodLike, standard: Standard): Violation[] {
  return controlsOf(standard).flatMap(({ check }) => check(pod) ?? [])
}

const known = new Map<string, readonly Control[]>()

function controlsOf(standard: Standard): readonly Control[] {
  const key = formatStandard(standard)
  let controls = known.get(key)
  // Any number can be asked for; only so many differ.
  if (!controls && known.size > 500) known.clear()
  if (!controls) known.set(key, (controls = findControls(standard)))
  return controls
}

function findControls({ level, minor }: Standard): readonly Control[] {
  if (level === "privileged") return []
  const baseline = asOf(baselineControls, minor)
  if (level === "baseline") return baseline
  const restricted = asOf(restrictedControls, minor)
  const replaced = new Set(restricted.map(({ replaces }) => replaces))
  return [...baseline.filter(({ id }) => !replaced.has(id)), ...restricted]
}

/** Each rule as it was in a version: its latest entry until then. */
function asOf(controls: readonly Control[], minor: number): Control[] {
  const current = new Map<string, Control>()
  for (const control of controls) if (control.since <= minor) current.set(control.id, control)
  return [...current.values()]
}
