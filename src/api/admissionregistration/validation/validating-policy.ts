import { duplicateValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { dnsSubdomain, type Errors, oneOfIfSet, qualifiedName } from "../../validation/checks.ts"
import { validateConditions as validateStatusConditions } from "../../validation/conditions.ts"
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
} from "../v1/validating-admission-policy.ts"
import type { ValidatingAdmissionPolicyBinding } from "../v1/validating-admission-policy-binding.ts"
import type { ExpressionCheck } from "./expressions.ts"
import { validateMatchResources, validateParamRef } from "./matching.ts"
import {
  validateConditions,
  validateConstraints,
  validateFailurePolicy,
  validateVariables,
} from "./policies.ts"

const path = fieldPath("spec")
const maxAuditAnnotations = 20
const maxValueExpressionBytes = 5 * 1024

/** @param old the state before, for an update */
export function* validateValidatingPolicy(
  policy: ValidatingAdmissionPolicy,
  old: ValidatingAdmissionPolicy | undefined,
  check: ExpressionCheck,
): Errors {
  const { spec } = policy
  yield* validateFailurePolicy(spec)
  yield* validateConstraints(spec)
  yield* validateConditions(spec, old?.spec, check)
  yield* validateVariables(spec, check)
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = "validations or auditAnnotations must contain at least one item"
    yield requiredValue(path.child("validations"), detail)
    yield requiredValue(path.child("auditAnnotations"), detail)
    return
  }
  for (const [index, validation] of validations.entries()) {
    yield* validateValidation(validation, path.child("validations").index(index), spec, old?.spec, check)
  }
  yield* validateAuditAnnotations(policy, path.child("auditAnnotations"), check)
}

function* validateValidation(
  { expression, message = "", messageExpression = "", reason }: Validation,
  at: FieldPath,
  { paramKind, variables = [] }: ValidatingAdmissionPolicySpec,
  old: ValidatingAdmissionPolicySpec | undefined,
  check: ExpressionCheck,
): Errors {
  const nonEmpty = "must be non-empty if specified"
  const place = { hasParams: !!paramKind, variables } as const
  if (!expression.trim()) yield requiredValue(at.child("expression"), "expression is not specified")
  else {
    const isStored = old?.validations?.some((each) => each.expression === expression) ?? false
    yield* check(expression, at.child("expression"), { use: "validation", ...place, isStored })
  }
  const messagePath = at.child("messageExpression")
  if (messageExpression && !messageExpression.trim()) {
    yield invalidValue(messagePath, messageExpression, nonEmpty)
  } else if (messageExpression) {
    const isStored = old?.validations?.some((each) => each.messageExpression === messageExpression) ?? false
    yield* check(messageExpression, messagePath, { use: "message", ...place, isStored })
  }
  const trimmed = message.trim()
  if (message && !trimmed) yield invalidValue(at.child("message"), message, nonEmpty)
  else if (/[\n\r]/.test(trimmed)) {
    yield invalidValue(at.child("message"), message, "must not contain line breaks")
  }
  yield* oneOfIfSet(reason, at.child("reason"), ["Forbidden", "Invalid", "RequestEntityTooLarge"])
}

function* validateAuditAnnotations(
  { metadata, spec }: ValidatingAdmissionPolicy,
  at: FieldPath,
  check: ExpressionCheck,
): Errors {
  const annotations = spec.auditAnnotations ?? []
  if (annotations.length > maxAuditAnnotations) {
    yield invalidValue(at, annotations, `must not have more than ${maxAuditAnnotations} auditAnnotations`)
  }
  const keys = new Set<string>()
  for (const [index, annotation] of annotations.entries()) {
    const keyPath = at.index(index).child("key")
    yield* qualifiedName(`${metadata.name}/${annotation.key}`, keyPath)
    yield* valueExpression(annotation, at.index(index).child("valueExpression"), spec, check)
    if (keys.has(annotation.key)) yield duplicateValue(keyPath, annotation.key)
    keys.add(annotation.key)
  }
}

function* valueExpression(
  { valueExpression: text }: AuditAnnotation,
  at: FieldPath,
  { paramKind, variables = [] }: ValidatingAdmissionPolicySpec,
  check: ExpressionCheck,
): Errors {
  const trimmed = text.trim()
  if (!trimmed) yield requiredValue(at, "valueExpression is not specified")
  else if (utf8Length(trimmed) > maxValueExpressionBytes) {
    yield requiredValue(at, `must not exceed ${maxValueExpressionBytes} bytes in length`)
  } else yield* check(trimmed, at, { use: "auditAnnotation", hasParams: !!paramKind, variables })
}

export function* validateValidatingPolicyStatus({ status }: ValidatingAdmissionPolicy): Errors {
  const warnings = status?.typeChecking?.expressionWarnings ?? []
  for (const [index, { warning, fieldRef }] of warnings.entries()) {
    const at = fieldPath("status", "typeChecking", "expressionWarnings").index(index)
    if (!warning) yield requiredValue(at.child("warning"))
    if (!fieldRef.trim()) yield requiredValue(at.child("fieldRef"))
  }
  yield* validateStatusConditions(status?.conditions ?? [], fieldPath("status", "conditions"))
}

export function* validateValidatingPolicyBinding({ spec }: ValidatingAdmissionPolicyBinding): Errors {
  if (spec.policyName) yield* dnsSubdomain(spec.policyName, path.child("policyName"))
  else yield requiredValue(path.child("policyName"))
  yield* validateParamRef(spec.paramRef, path.child("paramRef"))
  yield* validateMatchResources(spec.matchResources, path.child("matchResources"))
  yield* validationActions(spec.validationActions ?? [], path.child("validationActions"))
}

function* validationActions(actions: readonly string[], at: FieldPath): Errors {
  for (const [index, action] of actions.entries()) {
    yield* oneOfIfSet(action, at.index(index), ["Audit", "Deny", "Warn"])
    if (actions.indexOf(action) < index) yield duplicateValue(at.index(index), action)
  }
  if (actions.includes("Deny") && actions.includes("Warn")) {
    const detail =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)"
    yield invalidValue(at, actions, detail)
  }
  if (actions.length === 0) yield requiredValue(at, "at least one validation action is required")
}
