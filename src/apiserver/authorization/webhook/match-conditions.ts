import type { SubjectAccessReviewSpec } from "../../../api/authorization/v1/access-review.ts"
import { type CelProgram, compileCel } from "../../../apimachinery/cel/compile.ts"
import type { CelType } from "../../../apimachinery/cel/types/cel-type.ts"
import {
  duplicateValue,
  type FieldError,
  invalidValue,
  requiredValue,
  tooMany,
} from "../../../apimachinery/field-error.ts"

/** Which questions are put to a webhook, in CEL over `request`: the spec of a SubjectAccessReview. */
export interface Conditions {
  /** Throws when a condition cannot be evaluated and none of the others is false. */
  hold(spec: SubjectAccessReviewSpec): boolean
}

const maxConditions = 64
const text: CelType = { kind: "string" }
const texts: CelType = { kind: "list", element: text }

/** Fields are known by their own names: `namespace` is not escaped here, unlike in objects with a schema. */
function object(name: string, fields: Readonly<Record<string, CelType>>): CelType {
  const entries = Object.entries(fields).map(([field, type]) => [field, { name: field, type }] as const)
  return { kind: "object", name: `kubernetes.${name}`, fields: new Map(entries) }
}

const selector = (name: string) =>
  object(name, {
    rawSelector: text,
    requirements: {
      kind: "list",
      element: object(`${name}Requirement`, { key: text, operator: text, values: texts }),
    },
  })

const environment = {
  variables: {
    request: object("SubjectAccessReviewSpec", {
      resourceAttributes: object("ResourceAttributes", {
        namespace: text,
        verb: text,
        group: text,
        version: text,
        resource: text,
        subresource: text,
        name: text,
        fieldSelector: selector("FieldSelectorAttributes"),
        labelSelector: selector("LabelSelectorAttributes"),
      }),
      nonResourceAttributes: object("NonResourceAttributes", { path: text, verb: text }),
      user: text,
      groups: texts,
      extra: { kind: "map", key: text, value: texts },
      uid: text,
    }),
  },
}

export interface CompiledConditions {
  readonly conditions: Conditions
  readonly errors: readonly FieldError[]
}

/** @param path of the list of conditions, for errors */
export function compileConditions(expressions: readonly string[], path: string): CompiledConditions {
  const errors: FieldError[] = []
  if (expressions.length > maxConditions) errors.push(tooMany(path, expressions.length, maxConditions))
  const programs: CelProgram[] = []
  const seen = new Set<string>()
  for (const [index, expression] of expressions.entries()) {
    const at = `${path}[${index}].expression`
    if (expression.trim() === "") errors.push(requiredValue(at))
    else if (seen.has(expression.trim())) errors.push(duplicateValue(at, expression))
    else {
      const compiled = compileCel(expression, environment)
      if (!compiled.ok) errors.push(invalidValue(at, expression, `compilation failed: ${compiled.message}`))
      else if (compiled.program.resultType.kind !== "bool")
        errors.push(invalidValue(at, expression, "must evaluate to bool"))
      else programs.push(compiled.program)
    }
    seen.add(expression.trim())
  }
  return { conditions: { hold: (spec) => allHold(programs, spec) }, errors }
}

/** A condition that is false decides, whatever went wrong with the others. */
function allHold(programs: readonly CelProgram[], request: SubjectAccessReviewSpec): boolean {
  const problems: string[] = []
  for (const program of programs) {
    const result = program.evaluate({ request })
    if (result.ok && result.value === false) return false
    if (!result.ok)
      problems.push(
        `cel evaluation error: expression '${program.source}' resulted in error: ${result.message}`,
      )
  }
  if (problems.length > 0) throw new Error(problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`)
  return true
}
