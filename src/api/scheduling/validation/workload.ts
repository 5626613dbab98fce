import { duplicateValue, requiredValue, tooMany } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { pathSegmentProblems } from "../../../apimachinery/names.ts"
import { dnsLabel, dnsSubdomain, type Errors, problems } from "../../validation/checks.ts"
import type { PodGroupTemplate, TypedLocalObjectReference, Workload } from "../v1alpha2/workload.ts"
import { unchanged, validateSchedulingPolicy } from "./pod-group-policy.ts"

const path = fieldPath("spec")
const maxTemplates = 8

export function* validateWorkload({ spec }: Workload): Errors {
  if (spec.controllerRef) yield* validateController(spec.controllerRef, path.child("controllerRef"))
  yield* validateTemplates(spec.podGroupTemplates ?? [], path.child("podGroupTemplates"))
}

/** What is wished for stays as it is. */
export function* validateWorkloadUpdate({ spec }: Workload, { spec: old }: Workload): Errors {
  yield* unchanged(spec.controllerRef, old.controllerRef, path.child("controllerRef"))
  yield* unchanged(spec.podGroupTemplates, old.podGroupTemplates, path.child("podGroupTemplates"))
}

function* validateController({ apiGroup, kind, name }: TypedLocalObjectReference, at: FieldPath): Errors {
  if (apiGroup) yield* dnsSubdomain(apiGroup, at.child("apiGroup"))
  yield* segment(kind, at.child("kind"))
  yield* segment(name, at.child("name"))
}

function* segment(text: string, at: FieldPath): Errors {
  if (text) yield* problems(text, at, pathSegmentProblems(text))
  else yield requiredValue(at)
}

function* validateTemplates(templates: readonly PodGroupTemplate[], at: FieldPath): Errors {
  if (templates.length > maxTemplates) {
    yield tooMany(at, templates.length, maxTemplates)
    return
  }
  if (templates.length === 0) yield requiredValue(at)
  const names = new Set<string>()
  for (const [index, template] of templates.entries()) {
    if (names.has(template.name)) yield duplicateValue(at.index(index), shown(template))
    names.add(template.name)
  }
  for (const [index, template] of templates.entries()) {
    const each = at.index(index)
    if (template.name) yield* dnsLabel(template.name, each.child("name"))
    else yield requiredValue(each.child("name"))
    yield* validateSchedulingPolicy(template.schedulingPolicy, each.child("schedulingPolicy"))
  }
}

function shown(template: PodGroupTemplate) {
  return { ...template, schedulingConstraints: template.schedulingConstraints ?? null }
}
