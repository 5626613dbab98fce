import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  formatFieldError,
  invalidValue,
  omittedValue,
  requiredValue,
} from "../field-error.ts"
import { type FieldPath, fieldPath } from "../field-path.ts"
import { elementKey } from "../json-schema/element-key.ts"
import { itemsOf, type JsonSchema } from "../json-schema/json-schema.ts"
import type { Correlation } from "../json-schema/ratchet.ts"
import { isRecord } from "../schema-plan.ts"
import type { CelType } from "../cel/types/cel-type.ts"
import { adapt } from "../cel/values/adapt.ts"
import { CelOptional, isError, noValue } from "../cel/values/value.ts"
import { type CompiledRule, compileRules, rulesOf, selfType, type ValidationRule } from "./compile-rules.ts"

/** What all rules of one object may cost together, in upstream's units. */
export const runtimeCostBudget = 10_000_000

/** Told how long rules took. */
export interface RuleMeter {
  /** Milliseconds that only grow. */
  now(): number
  compiled(milliseconds: number): void
  evaluated(milliseconds: number): void
}

export interface ValidateRulesOptions {
  /** The value before, for rules that look at it; absent when it is new. */
  readonly old?: unknown
  /** Beside what is replaced: what did not change is only warned about. */
  readonly correlation?: Correlation
  readonly path?: FieldPath
  /** The schema is that of an object with kind and metadata. */
  readonly isResource?: boolean
  readonly warn?: (text: string) => void
  readonly meter?: RuleMeter | undefined
}

/** Whether a value keeps the rules that its schema states in CEL, with upstream's texts and limits. */
export function validateRules(
  schema: JsonSchema,
  value: unknown,
  { old, correlation, path = fieldPath(), isResource = false, warn, meter }: ValidateRulesOptions = {},
): FieldError[] {
  if (!hasRules(schema)) return []
  const walk = new Walk(warn ?? (() => {}), meter)
  const beganMs = meter?.now() ?? 0
  walk.visit(schema, value, old, path, isResource, { current: correlation, parent: undefined })
  meter?.evaluated(meter.now() - beganMs)
  // Upstream has no word for the object itself.
  return walk.errors.map((error) => (error.field === "" ? { ...error, field: "<nil>" } : error))
}

/** Most schemas have no rules, and then there is nothing to walk. Rules under alternatives are refused with the definition. */
const known = new WeakMap<JsonSchema, boolean>()

export function hasRules(schema: JsonSchema): boolean {
  let answer = known.get(schema)
  if (answer === undefined) known.set(schema, (answer = findRules(schema)))
  return answer
}

function findRules(schema: JsonSchema): boolean {
  if (rulesOf(schema).length > 0) return true
  const { properties = {}, additionalProperties } = schema
  const items = itemsOf(schema)
  return (
    Object.values(properties).some(hasRules) ||
    (typeof additionalProperties === "object" && hasRules(additionalProperties)) ||
    (items !== undefined && hasRules(items))
  )
}

interface Compiled {
  readonly rules: readonly CompiledRule[]
  /** Of `self`. */
  readonly type: CelType
}

const compiledRules = new WeakMap<JsonSchema, { whole?: Compiled | undefined; part?: Compiled | undefined }>()

/** Undefined for what expressions cannot see, which has no rules then. */
function compiledOf(
  schema: JsonSchema,
  isResource: boolean,
  meter: RuleMeter | undefined,
): Compiled | undefined {
  const kind = isResource ? "whole" : "part"
  let entry = compiledRules.get(schema)
  if (!entry) compiledRules.set(schema, (entry = {}))
  if (!(kind in entry)) {
    const beganMs = meter?.now() ?? 0
    const declared = selfType(schema, isResource)
    entry[kind] = declared && { rules: compileRules(schema, declared), type: declared.type }
    meter?.compiled(meter.now() - beganMs)
  }
  return entry[kind]
}

/** Beside what is replaced, and the nearest part around that could be found there. */
interface Ratchet {
  readonly current: Correlation | undefined
  readonly parent: Correlation | undefined
}

function isExcused({ current, parent }: Ratchet): boolean {
  return (current ?? parent)?.isUnchanged() ?? false
}

function inMember(ratchet: Ratchet, name: string): Ratchet {
  const { current, parent } = ratchet
  if (!current) return ratchet
  // The version that is written in may be another than that of the present state.
  if (!parent && (name === "apiVersion" || name === "kind")) return { current: undefined, parent: undefined }
  return { current: current.member(name), parent: current }
}

function inElement(ratchet: Ratchet, index: number): Ratchet {
  const { current } = ratchet
  return current ? { current: current.element(index), parent: current } : ratchet
}

class Walk {
  readonly errors: FieldError[] = []
  readonly #warn: (text: string) => void
  readonly #meter: RuleMeter | undefined
  #budget = runtimeCostBudget
  #isOver = false

  constructor(warn: (text: string) => void, meter: RuleMeter | undefined) {
    this.#warn = warn
    this.#meter = meter
  }

  visit(
    schema: JsonSchema,
    value: unknown,
    old: unknown,
    path: FieldPath,
    isResource: boolean,
    ratchet: Ratchet,
  ): void {
    if (this.#isOver || value === null || value === undefined || !hasRules(schema)) return
    this.#runRules(schema, value, old ?? undefined, path, isResource, ratchet)
    if (Array.isArray(value)) this.#visitElements(schema, value, old, path, ratchet)
    else if (isRecord(value)) this.#visitMembers(schema, value, old, path, ratchet)
  }

  #visitElements(
    schema: JsonSchema,
    value: unknown[],
    old: unknown,
    path: FieldPath,
    ratchet: Ratchet,
  ): void {
    const items = itemsOf(schema)
    if (!items || !hasRules(items)) return
    const former = elementsByKey(schema, old)
    for (const [index, element] of value.entries()) {
      const before = former?.get(elementKey(schema, element))
      const isResource = items["x-kubernetes-embedded-resource"] === true
      this.visit(items, element, before, path.index(index), isResource, inElement(ratchet, index))
    }
  }

  #visitMembers(
    schema: JsonSchema,
    value: Readonly<Record<string, unknown>>,
    old: unknown,
    path: FieldPath,
    ratchet: Ratchet,
  ): void {
    const { properties = {}, additionalProperties } = schema
    const former = isRecord(old) ? old : {}
    for (const [name, member] of Object.entries(value)) {
      const isDeclared = Object.hasOwn(properties, name)
      const memberSchema = isDeclared
        ? properties[name]
        : typeof additionalProperties === "object"
          ? additionalProperties
          : undefined
      if (!memberSchema) continue
      const isResource = memberSchema["x-kubernetes-embedded-resource"] === true
      const at = isDeclared ? path.child(name) : path.key(name)
      this.visit(memberSchema, member, former[name], at, isResource, inMember(ratchet, name))
    }
  }

  #runRules(
    schema: JsonSchema,
    value: unknown,
    old: unknown,
    path: FieldPath,
    isResource: boolean,
    ratchet: Ratchet,
  ): void {
    const compiled = rulesOf(schema).length > 0 ? compiledOf(schema, isResource, this.#meter) : undefined
    if (!compiled) return
    if (this.#budget <= 0) return this.#stop(invalidValue(path, schema.type ?? "", outOfBudget))
    for (const each of compiled.rules) {
      if (this.#isOver) return
      this.#runRule(each, compiled.type, schema, value, old, path, ratchet)
    }
  }

  #runRule(
    { rule, program, error, usesOldSelf, ...rest }: CompiledRule,
    selfType: CelType,
    schema: JsonSchema,
    value: unknown,
    old: unknown,
    path: FieldPath,
    ratchet: Ratchet,
  ): void {
    const type = schema.type ?? ""
    if (error !== undefined)
      return void this.errors.push(invalidValue(path, type, `rule compile error: ${error}`))
    if (!program || (usesOldSelf && old === undefined && !rule.optionalOldSelf)) return
    const bindings = {
      self: value,
      ...(rule.optionalOldSelf
        ? { oldSelf: optionalOf(old, selfType) }
        : old !== undefined && { oldSelf: old }),
    }
    const result = program.evaluate(bindings)
    if (result.cost > this.#budget) return this.#stop(invalidValue(path, type, outOfBudget))
    this.#budget -= result.cost
    if (!result.ok) return this.#evaluationFailed(result.kind, result.message, rule, type, path)
    if (result.value === true) return
    const at = rest.fieldPath === "" ? path : childOf(path, rest.fieldPath)
    const detail = this.#messageOf({ rule, ...rest }, bindings, type, at)
    if (detail === undefined) return
    const shown = type === "object" || type === "array" ? omittedValue : value
    const failure = failureFor(rule.reason, at, shown, detail)
    if (!usesOldSelf && isExcused(ratchet)) this.#warn(formatFieldError(failure))
    else this.errors.push(failure)
  }

  #evaluationFailed(
    kind: "cost" | "error",
    message: string,
    rule: ValidationRule,
    type: string,
    path: FieldPath,
  ): void {
    const text = textOf(rule)
    if (kind === "cost") {
      const detail = `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`
      return this.#stop(invalidValue(path, type, detail))
    }
    const detail = message.startsWith("no such overload")
      ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
      : `${message} evaluating rule: ${text}`
    this.errors.push(invalidValue(path, type, detail))
  }

  /** Undefined: the message itself was the end. */
  #messageOf(
    { rule, message }: Pick<CompiledRule, "rule" | "message">,
    bindings: Readonly<Record<string, unknown>>,
    type: string,
    path: FieldPath,
  ): string | undefined {
    const byDefault = rule.message ? rule.message.trim() : `failed rule: ${textOf(rule)}`
    if (!message) return byDefault
    const result = message.evaluate(bindings)
    if (result.cost > this.#budget) {
      const detail =
        "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run"
      this.#stop(invalidValue(path, type, detail))
      return undefined
    }
    if (!result.ok && result.kind === "cost") {
      const expression = JSON.stringify(rule.messageExpression)
      const detail = `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${expression}`
      this.#stop(invalidValue(path, type, detail))
      return undefined
    }
    this.#budget -= result.cost
    const text = result.ok && typeof result.value === "string" ? result.value.trim() : ""
    const isUsable =
      text !== "" && !text.includes("\n") && new TextEncoder().encode(text).length <= maxMessageBytes
    return isUsable ? text : byDefault
  }

  #stop(error: FieldError): void {
    this.errors.push(error)
    this.#isOver = true
  }
}

function optionalOf(old: unknown, type: CelType): CelOptional {
  const value = old === undefined ? undefined : adapt(old, type)
  return value === undefined || isError(value) ? noValue : new CelOptional(value)
}

const maxMessageBytes = 5 * 1024
const outOfBudget =
  "validation failed due to running out of cost budget, no further validation rules will be run"

function textOf({ rule, message }: ValidationRule): string {
  return (message || rule).trim()
}

function childOf(path: FieldPath, below: string): FieldPath {
  // The root's own path is empty, and upstream leaves the dot.
  return path.child(below.replace(/^\./, ""))
}

function failureFor(reason: string | undefined, path: FieldPath, value: unknown, detail: string): FieldError {
  switch (reason) {
    case "FieldValueForbidden":
      return forbiddenValue(path, detail)
    case "FieldValueRequired":
      return requiredValue(path, detail)
    case "FieldValueDuplicate":
      return duplicateValue(path, value)
    default:
      return invalidValue(path, value, detail)
  }
}

/** Only elements of list maps are told apart from one state to the next. */
function elementsByKey(schema: JsonSchema, old: unknown): Map<string, unknown> | undefined {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(old)) return undefined
  return new Map(old.map((element) => [elementKey(schema, element), element]))
}
