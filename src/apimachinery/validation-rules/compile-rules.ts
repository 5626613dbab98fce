import { type CelProgram, compileCel } from "../cel/compile.ts"
import { type DeclaredType, declareSchema } from "../cel/schema-type.ts"
import { type CelType, optionalOf } from "../cel/types/cel-type.ts"
import type { JsonSchema } from "../json-schema/json-schema.ts"
import { parseRulePath } from "../json-schema/rule-path.ts"

/** One of `x-kubernetes-validations` (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules). */
export interface ValidationRule {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

export interface CompiledRule {
  readonly rule: ValidationRule
  /** Absent where there is nothing to run: an error, or no text. */
  readonly program?: CelProgram
  /** In upstream's words. */
  readonly error?: string
  /** Looks at the former value: it holds of changes, not of states. */
  readonly usesOldSelf: boolean
  readonly message?: CelProgram
  readonly messageError?: string
  /** Where a failure is told, below the value: ".spec.size". */
  readonly fieldPath: string
}

/** How many values with this schema fit into a request at most. */
export function maxCardinality({ minBytes }: DeclaredType): number {
  return Math.floor(maxRequestBytes / (minBytes + 1))
}

const maxRequestBytes = 3 * 1024 * 1024

/** The type of `self`; undefined for what expressions cannot see. */
export function selfType(schema: JsonSchema, isResource: boolean): DeclaredType | undefined {
  return declareSchema(schema, { name: "selfType", isResource })
}

export function rulesOf(schema: JsonSchema): readonly ValidationRule[] {
  return (schema["x-kubernetes-validations"] ?? []) as readonly ValidationRule[]
}

/** The rules of one schema, not of those within. */
export function compileRules(schema: JsonSchema, { type }: DeclaredType): CompiledRule[] {
  return rulesOf(schema).map((rule) => compileRule(rule, schema, type))
}

function compileRule(rule: ValidationRule, schema: JsonSchema, self: CelType): CompiledRule {
  const fieldPath = normalizedPath(rule, schema)
  const base = { rule, fieldPath, usesOldSelf: false }
  if (!rule.rule || rule.rule.trim() === "") return base
  const variables = { self, oldSelf: rule.optionalOldSelf ? optionalOf(self) : self }
  const compiled = compileCel(rule.rule, { variables })
  if (!compiled.ok) return { ...base, error: `compilation failed: ${compiled.message}` }
  const { program } = compiled
  if (program.resultType.kind !== "bool") return { ...base, error: "cel expression must evaluate to a bool" }
  const usesOldSelf = program.variables.has("oldSelf")
  return { ...base, usesOldSelf, program, ...compileMessage(rule, variables) }
}

function compileMessage(
  { messageExpression }: ValidationRule,
  variables: Readonly<Record<string, CelType>>,
): Pick<CompiledRule, "message" | "messageError"> {
  if (!messageExpression) return {}
  const compiled = compileCel(messageExpression, { variables })
  if (!compiled.ok) return { messageError: `messageExpression compilation failed: ${compiled.message}` }
  if (compiled.program.resultType.kind !== "string")
    return { messageError: "messageExpression must evaluate to a string" }
  return { message: compiled.program }
}

function normalizedPath({ fieldPath }: ValidationRule, schema: JsonSchema): string {
  if (!fieldPath) return ""
  try {
    const { steps } = parseRulePath(fieldPath, schema)
    return steps.map(({ name, isKey }) => (isKey ? `[${name}]` : `.${name}`)).join("")
  } catch {
    // Validation of the definition says so.
    return ""
  }
}
