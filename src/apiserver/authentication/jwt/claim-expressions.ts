import { type CelProgram, compileCel } from "../../../apimachinery/cel/compile.ts"
import { declareSchema } from "../../../apimachinery/cel/schema-type.ts"
import { dynType } from "../../../apimachinery/cel/types/cel-type.ts"
import { type CelValue, isList } from "../../../apimachinery/cel/values/value.ts"
import type { UserInfo } from "../authenticator.ts"
import { reviewedUser } from "../reviews.ts"

/** The claims of a token whose signature was found right. */
export type Claims = Readonly<Record<string, unknown>>

const stringSchema = { type: "string" }
const userSchema = {
  type: "object",
  properties: {
    username: stringSchema,
    uid: stringSchema,
    groups: { type: "array", items: stringSchema },
    extra: { type: "object", additionalProperties: { type: "array", items: stringSchema } },
  },
}
const environments = {
  claims: { variables: { claims: { kind: "map", key: { kind: "string" }, value: dynType } as const } },
  user: { variables: { user: declareSchema(userSchema, { name: "kubernetes.UserInfo" })!.type } },
}

/** Gives the program, or why the expression is none. */
export function compileClaimExpression(
  expression: string,
  over: keyof typeof environments,
  mustBeBool: boolean,
): CelProgram | string {
  const compiled = compileCel(expression, environments[over])
  if (!compiled.ok) return `compilation failed: ${compiled.message}`
  const { kind } = compiled.program.resultType
  return mustBeBool && kind !== "bool" ? "must evaluate to bool" : compiled.program
}

const programs = new Map<string, CelProgram>()

/** Expressions have been compiled once before, when the configuration was checked. */
function programOf(expression: string, over: keyof typeof environments): CelProgram {
  const key = `${over} ${expression}`
  let program = programs.get(key)
  if (!program) {
    const compiled = compileClaimExpression(expression, over, false)
    if (typeof compiled === "string") throw new Error(compiled)
    programs.set(key, (program = compiled))
  }
  return program
}

/** Throws Error with what went wrong. */
export function evaluateOverClaims(expression: string, claims: Claims): CelValue {
  return evaluated(programOf(expression, "claims"), { claims })
}

export function evaluateOverUser(expression: string, user: UserInfo): CelValue {
  return evaluated(programOf(expression, "user"), { user: reviewedUser(user) })
}

function evaluated(program: CelProgram, bindings: Readonly<Record<string, unknown>>): CelValue {
  const result = program.evaluate(bindings)
  if (result.ok) return result.value
  throw new Error(`expression '${program.source}' resulted in error: ${result.message}`)
}

/** A string, or a list of strings; what is empty counts as nothing. Throws Error for anything else. */
export function stringsOf(value: CelValue): string[] {
  if (value === null || value === "") return []
  if (typeof value === "string") return [value]
  if (!isList(value)) throw notStrings()
  const texts = Array.from({ length: value.size }, (_, index) => {
    const each = value.at(index)
    if (typeof each !== "string") throw notStrings()
    return each
  })
  return texts.filter((each) => each !== "")
}

function notStrings(): Error {
  return new Error("expression must return a string or a list of strings")
}
