import type { PodGroup } from "./v1alpha2/pod-group.ts"
import type { PodGroupTemplate } from "./v1alpha2/workload.ts"

/** What groups of pods can be asked for that this release switches on only by feature gates: topology, claims, preemption. */
const switchedOff = [
  "schedulingConstraints",
  "resourceClaims",
  "disruptionMode",
  "priorityClassName",
  "priority",
] as const

type Group = PodGroupTemplate | PodGroup["spec"]

/** Takes out of `group`, in place, what nobody would act by, unless the old one has it already. */
export function dropSwitchedOff(group: Group, old: Group | undefined): void {
  for (const name of switchedOff) if (old?.[name] === undefined) delete group[name]
}
