import { duplicateValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { validateLabels } from "../../../apimachinery/validate-object-meta.ts"
import type { Toleration } from "../../core/v1/toleration.ts"
import { deprecatedNodeLabels } from "../../core/validation/deprecated-labels.ts"
import {
  validateContainerResourceName,
  validateResourceRequirements,
} from "../../core/validation/resources.ts"
import { validateTolerations } from "../../core/validation/taints.ts"
import { dnsLabel, type Errors, immutable } from "../../validation/checks.ts"
import type { RuntimeClass } from "../v1/runtime-class.ts"

export function* validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass): Errors {
  if (handler) yield* dnsLabel(handler, fieldPath("handler"))
  else yield requiredValue("handler")
  if (overhead) {
    const limits = { limits: overhead.podFixed ?? {} }
    const at = fieldPath("overhead")
    yield* validateResourceRequirements(limits, validateContainerResourceName, new Set(), at)
  }
  if (!scheduling) return
  const path = fieldPath("scheduling")
  yield* validateLabels(scheduling.nodeSelector, path.child("nodeSelector"))
  yield* tolerationsOnce(scheduling.tolerations ?? [], path.child("tolerations"))
}

function* tolerationsOnce(tolerations: readonly Toleration[], path: FieldPath): Errors {
  yield* validateTolerations(tolerations, path)
  const seen = new Set<string>()
  for (const [index, toleration] of tolerations.entries()) {
    const { key = "", operator = "", value = "", effect = "" } = toleration
    const identity = JSON.stringify([key, operator, value, effect])
    if (seen.has(identity)) yield duplicateValue(path.index(index), toleration)
    seen.add(identity)
  }
}

export function* validateRuntimeClassUpdate(runtimeClass: RuntimeClass, old: RuntimeClass): Errors {
  yield* validateRuntimeClass(runtimeClass)
  yield* immutable(runtimeClass.handler, old.handler, fieldPath("handler"))
}

export function* runtimeClassWarnings({ scheduling }: RuntimeClass): Iterable<string> {
  for (const label of Object.keys(scheduling?.nodeSelector ?? {})) {
    const text = deprecatedNodeLabels[label]
    if (text !== undefined) yield `scheduling.nodeSelector: ${text}`
  }
}
