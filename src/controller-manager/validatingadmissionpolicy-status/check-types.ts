import {
  compileExpression,
  compileVariables,
  type ExpressionScope,
} from "../../api/admissionregistration/cel/compile-expression.ts"
import type {
  ExpressionWarning,
  ValidatingAdmissionPolicySpec,
} from "../../api/admissionregistration/v1/validating-admission-policy.ts"
import type { CelType } from "../../apimachinery/cel/types/cel-type.ts"

/** A kind that a policy may be asked about, with what expressions see of its objects. */
export interface CheckedKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly type: CelType
}

/** Each expression is compiled against every kind; what does not compile is told, and changes nothing. */
export function checkTypes(
  spec: ValidatingAdmissionPolicySpec,
  kinds: readonly CheckedKind[],
  paramsType: CelType | undefined,
): ExpressionWarning[] {
  const warnings: ExpressionWarning[] = []
  const scopes = kinds.map((kind) => ({ kind, scope: scopeOf(spec, kind, paramsType) }))
  const check = (expression: string, fieldRef: string) => {
    const problems = scopes.flatMap(({ kind, scope }) => {
      // A message must be a text when it is stored; here only the types of what it reads matter.
      const result = compileExpression(expression, "variable", scope)
      return result.ok ? [] : [`${nameOf(kind)}: ${result.detail.replace(/^compilation failed: /, "")}\n`]
    })
    if (problems.length > 0) warnings.push({ fieldRef, warning: problems.join("\n") })
  }
  for (const [index, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(expression, `spec.validations[${index}].expression`)
    if (messageExpression) check(messageExpression, `spec.validations[${index}].messageExpression`)
  }
  return warnings
}

function scopeOf(
  { paramKind, variables = [] }: ValidatingAdmissionPolicySpec,
  { type }: CheckedKind,
  paramsType: CelType | undefined,
): ExpressionScope {
  const scope = { hasParams: paramKind !== undefined, objectType: type, ...(paramsType && { paramsType }) }
  return { ...scope, variables: compileVariables(variables, scope).type }
}

function nameOf({ group, version, kind }: CheckedKind): string {
  return `${group}/${version}, Kind=${kind}`
}
