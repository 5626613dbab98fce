import { quote } from "../../base/quote.ts"
import type { FieldError } from "../field-error.ts"
import { jsonEqual } from "../json-equal.ts"
import { isRecord, type JsonRecord } from "../schema-plan.ts"
import { checkNumber, hasNumberChecks, isNumeric } from "./check-number.ts"
import { checkString } from "./check-string.ts"
import { findTypeMismatch, typesOf } from "./check-type.ts"
import { checkedFormat } from "./formats.ts"
import { itemsOf, type JsonSchema } from "./json-schema.ts"
import { Correlation } from "./ratchet.ts"
import {
  missingMember,
  notInEnum,
  tooManyOf,
  type Violation,
  wrongType,
  wrongValue,
  wrongWhole,
} from "./violation.ts"

export interface ValidateOptions {
  /** Goes before every field: "status" when the status alone is validated. */
  readonly root?: string
  /** In an update, what is replaced: errors in parts that did not change are dropped. */
  readonly former?: { readonly value: unknown }
}

/**
 * Whether a custom resource is what its definition's schema says, in upstream's words.
 *
 * One walk over schema and value. Of alternatives (anyOf, oneOf) that all fail, users see the errors of the one that
 * matched best; to find it, each check that holds is counted, and counted as upstream counts.
 */
export function validateJsonValue(
  schema: JsonSchema,
  value: unknown,
  { root = "", former }: ValidateOptions = {},
): FieldError[] {
  const found: Violation[] = []
  new Walk(found).visit(schema, value, 0, former && new Correlation(value, former.value, schema))
  return found.map(({ error }) => ({ ...error, field: fieldUnder(root, error.field) }))
}

function fieldUnder(root: string, path: string): string {
  const field = path.startsWith(".") ? path.slice(1) : path
  if (root === "") return field === "" ? "<nil>" : field
  return field === "" ? root : `${root}.${field}`
}

/** How often a schema matched, and what is wrong with a value; the walk of one alternative. */
interface Attempt {
  readonly matches: number
  readonly found: readonly Violation[]
}

/** Every visit returns how many checks held, by upstream's count. */
class Walk {
  readonly #found: Violation[]
  /** The way from the root; entries beyond the current depth are left over from earlier branches. */
  readonly #steps: (string | number)[]

  constructor(found: Violation[], steps: (string | number)[] = []) {
    this.#found = found
    this.#steps = steps
  }

  /** `former` is the value with what it replaces, where that is known. */
  visit(schema: JsonSchema, value: unknown, depth: number, former: Correlation | undefined): number {
    if (!former) return this.#visit(schema, value, depth, undefined)
    const { matches, found } = this.#attempt(schema, value, depth, former)
    if (found.length > 0 && !former.isUnchanged()) this.#addAll(found)
    return matches
  }

  #visit(schema: JsonSchema, value: unknown, depth: number, former: Correlation | undefined): number {
    if (value === null) return this.#visitNull(schema, depth)
    let matches = this.#visitType(schema, value, depth)
    matches += this.#visitAlternatives(schema, value, depth)
    if (typeof value === "string") matches += this.#visitString(schema, value, depth)
    else if (isNumeric(value)) matches += this.#visitNumber(schema, value, depth)
    else if (Array.isArray(value)) matches += this.#visitList(schema, value, depth, former)
    matches += this.#visitEnum(schema, value, depth)
    if (isRecord(value)) matches += this.#visitObject(schema, value, depth, former)
    return matches + 1
  }

  #visitNull(schema: JsonSchema, depth: number): number {
    const types = typesOf(schema)
    const isAdmitted = types.length === 0 || schema.nullable === true
    if (!isAdmitted) this.#add(wrongType(this.#path(depth), types.join(","), "null"))
    this.#visitEnum(schema, null, depth)
    return isAdmitted ? 1 : 0
  }

  #visitType(schema: JsonSchema, value: unknown, depth: number): number {
    if (typesOf(schema).length === 0 && checkedFormat(schema) === undefined) return 0
    const mismatch = findTypeMismatch(schema, value)
    if (!mismatch) return 2
    this.#add(wrongType(this.#path(depth), mismatch.expected, mismatch.found))
    return 1
  }

  #visitString(schema: JsonSchema, value: string, depth: number): number {
    for (const violation of checkString(schema, value, () => this.#path(depth))) this.#add(violation)
    return checkedFormat(schema) === undefined ? 1 : 2
  }

  #visitNumber(schema: JsonSchema, value: number | bigint, depth: number): number {
    if (hasNumberChecks(schema)) this.#addAll(checkNumber(schema, value, this.#path(depth)))
    return 2
  }

  #visitEnum(schema: JsonSchema, value: unknown, depth: number): number {
    const { enum: values } = schema
    if (!values || values.length === 0) return 1
    // Null is never one of them, as upstream.
    const isKnown = value !== null && values.some((each) => jsonEqual(each, value))
    if (!isKnown) this.#add(notInEnum(this.#path(depth), value, values))
    return 1
  }

  #visitList(schema: JsonSchema, value: unknown[], depth: number, former: Correlation | undefined): number {
    const { minItems, maxItems } = schema
    const items = itemsOf(schema)
    const matches = items ? this.#visitElements(items, value, depth, former) : 0
    if (minItems !== undefined && value.length < minItems) {
      this.#add(wrongValue(this.#path(depth), value.length, `should have at least ${minItems} items`))
    }
    if (maxItems !== undefined && value.length > maxItems) {
      this.#add(tooManyOf("items", this.#path(depth), value.length, maxItems))
    }
    return matches + 2
  }

  #visitElements(
    items: JsonSchema,
    value: unknown[],
    depth: number,
    former: Correlation | undefined,
  ): number {
    let matches = 0
    for (let index = 0; index < value.length; index++) {
      this.#steps[depth] = index
      matches += this.visit(items, value[index], depth + 1, former?.element(index))
    }
    return matches
  }

  #visitObject(
    schema: JsonSchema,
    value: JsonRecord,
    depth: number,
    former: Correlation | undefined,
  ): number {
    this.#checkMemberCount(schema, Object.keys(value).length, depth)
    const { properties = {}, additionalProperties, required = [] } = schema
    const others = typeof additionalProperties === "object" ? additionalProperties : undefined
    let matches = 1
    for (const name of Object.keys(value)) {
      const isDeclared = Object.hasOwn(properties, name)
      const member = isDeclared ? properties[name] : others
      if (!member) continue
      // At the root upstream sets a dot before names that the schema does not list.
      this.#steps[depth] = depth > 0 || isDeclared ? name : `.${name}`
      // The kind that a client writes in may be another than the one it is stored in.
      const isKind = depth === 0 && (name === "kind" || name === "apiVersion")
      matches += this.visit(member, value[name], depth + 1, isKind ? undefined : former?.member(name))
    }
    for (const name of required) {
      if (!Object.hasOwn(value, name)) this.#add(missingMember(`${this.#path(depth)}.${name}`))
    }
    return matches
  }

  #checkMemberCount({ minProperties, maxProperties }: JsonSchema, count: number, depth: number): void {
    if (minProperties !== undefined && count < minProperties) {
      this.#add(wrongValue(this.#path(depth), count, `should have at least ${minProperties} properties`))
    }
    if (maxProperties !== undefined && count > maxProperties) {
      this.#add(tooManyOf("properties", this.#path(depth), count, maxProperties))
    }
  }

  /** Nothing in an alternative is excused for being unchanged: whether it holds must not depend on what was before. */
  #visitAlternatives(schema: JsonSchema, value: unknown, depth: number): number {
    const { anyOf, oneOf, allOf, not } = schema
    if (!anyOf && !oneOf && !allOf && !not) return 2
    const attempt = (each: JsonSchema) => this.#attempt(each, value, depth, undefined)
    let matches = 2
    if (anyOf?.length) matches += this.#anyOf(anyOf, attempt, depth)
    if (oneOf?.length) matches += this.#oneOf(oneOf.map(attempt), depth)
    if (allOf?.length) matches += this.#allOf(allOf.map(attempt), depth)
    if (not && attempt(not).found.length === 0) {
      this.#add(wrongWhole(`${quote(this.#path(depth))} must not validate the schema (not)`))
    }
    return matches
  }

  #anyOf(schemas: readonly JsonSchema[], attempt: (schema: JsonSchema) => Attempt, depth: number): number {
    const failed: Attempt[] = []
    for (const schema of schemas) {
      const each = attempt(schema)
      if (each.found.length === 0) return each.matches
      failed.push(each)
    }
    this.#add(wrongWhole(`${quote(this.#path(depth))} must validate at least one schema (anyOf)`))
    return this.#addBest(failed)
  }

  #oneOf(attempts: readonly Attempt[], depth: number): number {
    const valid = attempts.filter(({ found }) => found.length === 0)
    if (valid.length === 1) return valid[0]!.matches
    const why = valid.length === 0 ? "Found none valid" : `Found ${valid.length} valid alternatives`
    this.#add(wrongWhole(`${quote(this.#path(depth))} must validate one and only one schema (oneOf). ${why}`))
    return valid.length === 0 ? this.#addBest(attempts) : 0
  }

  #allOf(attempts: readonly Attempt[], depth: number): number {
    for (const { found } of attempts) this.#addAll(found)
    const failed = attempts.filter(({ found }) => found.length > 0).length
    if (failed > 0) {
      const none = failed === attempts.length ? ". None validated" : ""
      this.#add(wrongWhole(`${quote(this.#path(depth))} must validate all the schemas (allOf)${none}`))
    }
    return attempts.reduce((sum, { matches }) => sum + matches, 0)
  }

  #addBest(attempts: readonly Attempt[]): number {
    const best = attempts.reduce((a, b) => (b.matches > a.matches ? b : a))
    this.#addAll(best.found)
    return best.matches
  }

  #attempt(schema: JsonSchema, value: unknown, depth: number, former: Correlation | undefined): Attempt {
    const found: Violation[] = []
    const matches = new Walk(found, this.#steps).#visit(schema, value, depth, former)
    return { matches, found }
  }

  #add(violation: Violation): void {
    if (!this.#found.some(({ text }) => text === violation.text)) this.#found.push(violation)
  }

  #addAll(violations: Iterable<Violation>): void {
    for (const violation of violations) this.#add(violation)
  }

  #path(depth: number): string {
    let path = ""
    for (let index = 0; index < depth; index++) {
      const step = this.#steps[index]!
      path += typeof step === "number" ? `[${step}]` : path === "" ? step : `.${step}`
    }
    return path
  }
}
