import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { dropSwitchedOff } from "./switched-off.ts"
import type { PriorityClass } from "./v1/priority-class.ts"
import type { PodGroup } from "./v1alpha2/pod-group.ts"
import type { Workload } from "./v1alpha2/workload.ts"
import { validatePodGroup, validatePodGroupStatus, validatePodGroupUpdate } from "./validation/pod-group.ts"
import { validatePriorityClass, validatePriorityClassUpdate } from "./validation/priority-class.ts"
import { validateWorkload, validateWorkloadUpdate } from "./validation/workload.ts"

export const schedulingRules: RulesByResource = {
  priorityclasses: rules<PriorityClass>({
    validate: validatePriorityClass,
    validateUpdate: validatePriorityClassUpdate,
  }),
  workloads: rules<Workload>({
    prepareForCreate: ({ spec }) => dropFromTemplates(spec, undefined),
    prepareForUpdate: ({ spec }, old) => dropFromTemplates(spec, old.spec),
    validate: validateWorkload,
    validateUpdate: validateWorkloadUpdate,
  }),
  podgroups: rules<PodGroup>({
    prepareForCreate({ spec }) {
      dropSwitchedOff(spec, undefined)
      spec.disruptionMode = "Pod"
    },
    prepareForUpdate: ({ spec }, old) => dropSwitchedOff(spec, old.spec),
    prepareForStatusUpdate({ spec, status }) {
      if (!spec.resourceClaims?.length) delete status.resourceClaimStatuses
    },
    validate: validatePodGroup,
    validateUpdate: validatePodGroupUpdate,
    validateStatusUpdate: validatePodGroupStatus,
  }),
}

function dropFromTemplates({ podGroupTemplates }: Workload["spec"], old: Workload["spec"] | undefined): void {
  for (const [index, template] of (podGroupTemplates ?? []).entries())
    dropSwitchedOff(template, old?.podGroupTemplates?.[index])
}
