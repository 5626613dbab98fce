import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsLabel, dnsSubdomain, type Errors } from "../../validation/checks.ts"
import { validateConditions } from "../../validation/conditions.ts"
import type { PodGroup, WorkloadPodGroupTemplateReference } from "../v1alpha2/pod-group.ts"
import { exactlyOneOf, unchanged, validateSchedulingPolicy } from "./pod-group-policy.ts"

const path = fieldPath("spec")

export function* validatePodGroup({ spec }: PodGroup): Errors {
  const { podGroupTemplateRef: template, schedulingPolicy } = spec
  if (template) {
    const at = path.child("podGroupTemplateRef")
    yield* exactlyOneOf({ workload: template.workload }, at)
    if (template.workload) yield* validateTemplateReference(template.workload, at.child("workload"))
  }
  yield* validateSchedulingPolicy(schedulingPolicy, path.child("schedulingPolicy"))
}

/** What is wished for stays as it is. */
export function* validatePodGroupUpdate({ spec }: PodGroup, { spec: old }: PodGroup): Errors {
  const names = ["podGroupTemplateRef", "schedulingPolicy", "resourceClaims"] as const
  for (const name of names) yield* unchanged(spec[name], old[name], path.child(name))
  // Nobody acts by it yet, so nobody may ask for another.
  if (spec.disruptionMode !== old.disruptionMode) yield forbiddenValue(path.child("disruptionMode"), "")
}

export function* validatePodGroupStatus({ status, spec }: PodGroup): Errors {
  const at = fieldPath("status")
  yield* validateConditions(status.conditions ?? [], at.child("conditions"))
  for (const [index, { name }] of (status.resourceClaimStatuses ?? []).entries()) {
    if (spec.resourceClaims?.some((claim) => claim.name === name)) continue
    const detail = "must match the name of an entry in `spec.resourceClaims`"
    yield invalidValue(at.child("resourceClaimStatuses").index(index).child("name"), name, detail)
  }
}

function* validateTemplateReference(reference: WorkloadPodGroupTemplateReference, at: FieldPath): Errors {
  const { workloadName, podGroupTemplateName } = reference
  if (workloadName) yield* dnsSubdomain(workloadName, at.child("workloadName"))
  else yield requiredValue(at.child("workloadName"))
  if (podGroupTemplateName) yield* dnsLabel(podGroupTemplateName, at.child("podGroupTemplateName"))
  else yield requiredValue(at.child("podGroupTemplateName"))
}
