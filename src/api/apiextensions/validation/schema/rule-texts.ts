import { invalidValue, requiredValue, unsupportedValue } from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import { parseRulePath } from "../../../../apimachinery/json-schema/rule-path.ts"
import type { Errors } from "../../../validation/checks.ts"
import type { JSONSchemaProps, ValidationRule } from "../../v1/json-schema-props.ts"

const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"]

/** What is said around the expressions of x-kubernetes-validations. */
export function* validateRuleTexts(schema: JSONSchemaProps, path: FieldPath): Errors {
  for (const [index, rule] of (schema["x-kubernetes-validations"] ?? []).entries())
    yield* validateRule(rule, schema, path.child("x-kubernetes-validations").index(index))
}

function* validateRule(rule: ValidationRule, schema: JSONSchemaProps, path: FieldPath): Errors {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule
  yield* validateMessage(rule.rule ?? "", message, path)
  if (messageExpression !== "" && messageExpression.trim() === "") {
    const detail = "messageExpression must be non-empty if specified"
    yield requiredValue(path.child("messageExpression"), detail)
  }
  if (reason !== undefined && !reasons.includes(reason))
    yield unsupportedValue(path.child("reason"), reason, reasons)
  const at = path.child("fieldPath")
  if (fieldPath !== "" && fieldPath.trim() === "")
    yield invalidValue(at, fieldPath, "must be non-empty if specified")
  if (hasLineBreaks(fieldPath)) yield invalidValue(at, fieldPath, "must not contain line breaks")
  if (fieldPath !== "" && !isPathIn(schema, fieldPath))
    yield invalidValue(at, fieldPath, "must be a valid path")
}

function* validateMessage(rule: string, message: string, path: FieldPath): Errors {
  const at = path.child("message")
  const text = message.trim()
  if (rule.trim() === "") yield requiredValue(path.child("rule"), "rule is not specified")
  else if (message !== "" && text === "") yield invalidValue(at, message, "must be non-empty if specified")
  else if (hasLineBreaks(text)) yield invalidValue(at, message, "must not contain line breaks")
  else if (hasLineBreaks(rule.trim()) && text === "")
    yield requiredValue(at, "message must be specified if rule contains line breaks")
}

function isPathIn(schema: JSONSchemaProps, path: string): boolean {
  try {
    parseRulePath(path, schema)
    return true
  } catch {
    return false
  }
}

function hasLineBreaks(text: string): boolean {
  return /[\n\r]/.test(text)
}
