import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  unsupportedValue,
} from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import type { Errors } from "../../../validation/checks.ts"
import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"
import { validateListAndMapTypes } from "./list-and-map-types.ts"
import { validateRuleTexts } from "./rule-texts.ts"
import { anyMemberOf } from "./walk-schema.ts"

/** What a definition has already may stay, though it would not be let in today. */
export interface SchemaLeniency {
  readonly types: boolean
  readonly sets: boolean
  readonly keys: boolean
}

/** Where in a schema one is. */
interface Place {
  readonly isRoot: boolean
  readonly isInMetadata: boolean
  /** Why there may be no defaults here. */
  readonly noDefaults: string | undefined
  /** The outermost part whose former value cannot be found: rules in it cannot look at `oldSelf`. */
  readonly uncorrelatable: FieldPath | undefined
  /** How many values there can be at this place of an object; undefined where nothing bounds them. */
  readonly maxCardinality: number | undefined
  /** Under allOf, anyOf, oneOf or not. */
  readonly isNested: boolean
}

/** Called for each schema with rules, innermost first, if nothing in it is wrong otherwise. */
export type CheckRules = (schema: JSONSchemaProps, path: FieldPath, place: RulePlace) => Errors

/** What of its place matters to a rule. */
export type RulePlace = Pick<Place, "isRoot" | "uncorrelatable" | "maxCardinality">

/** What OpenAPI in its version 3 may say in a definition, beside being structural. */
export function validateOpenApiSchema(
  schema: JSONSchemaProps,
  path: FieldPath,
  lenient: SchemaLeniency,
  checkRules: CheckRules,
): FieldError[] {
  const place: Place = {
    isRoot: true,
    isInMetadata: false,
    noDefaults: undefined,
    uncorrelatable: undefined,
    maxCardinality: 1,
    isNested: false,
  }
  const { schemaErrors, ruleErrors } = new Walk(lenient, checkRules).visit(schema, path, place)
  return [...schemaErrors, ...ruleErrors]
}

interface Found {
  readonly schemaErrors: FieldError[]
  readonly ruleErrors: FieldError[]
}

const metaFields = new Set(["metadata", "kind", "apiVersion"])

class Walk {
  readonly #lenient: SchemaLeniency
  readonly #checkRules: CheckRules

  constructor(lenient: SchemaLeniency, checkRules: CheckRules) {
    this.#lenient = lenient
    this.#checkRules = checkRules
  }

  visit(schema: JSONSchemaProps, path: FieldPath, place: Place): Found {
    const found: Found = {
      schemaErrors: [...validateKeywords(schema, path, place, this.#lenient)],
      ruleErrors: [],
    }
    for (const { child, at, in: where } of this.#children(schema, path, inside(schema, place), place)) {
      const inner = this.visit(child, at, where)
      found.schemaErrors.push(...inner.schemaErrors)
      found.ruleErrors.push(...inner.ruleErrors)
    }
    found.schemaErrors.push(...validateListAndMapTypes(schema, path, this.#lenient))
    if ((schema["x-kubernetes-validations"] ?? []).length === 0) return found
    found.schemaErrors.push(...validateRuleTexts(schema, path))
    if (found.schemaErrors.length === 0 && !place.isNested)
      found.ruleErrors.push(...this.#checkRules(schema, path, place))
    return found
  }

  *#children(
    schema: JSONSchemaProps,
    path: FieldPath,
    place: Place,
    outer: Place,
  ): Iterable<{ child: JSONSchemaProps; at: FieldPath; in: Place }> {
    const member = anyMemberOf(schema)
    if (member) {
      const noDefaults = place.isInMetadata
        ? "inside additionalProperties applying to object metadata"
        : place.noDefaults
      yield { child: member, at: path.child("additionalProperties"), in: { ...place, noDefaults } }
    }
    yield* this.#members(schema, path, place, outer)
    yield* nestedSchemas(schema, path, { ...place, isNested: true })
    yield* elements(schema, path, place)
  }

  *#members(schema: JSONSchemaProps, path: FieldPath, place: Place, outer: Place) {
    const isCorrelatable = schema["x-kubernetes-map-type"] !== "atomic"
    const uncorrelatable = place.uncorrelatable ?? (isCorrelatable ? undefined : path)
    for (const [name, child] of Object.entries(schema.properties ?? {})) {
      const isMeta =
        (outer.isRoot || schema["x-kubernetes-embedded-resource"] === true) && metaFields.has(name)
      yield {
        child,
        at: path.child("properties").key(name),
        in: {
          ...place,
          uncorrelatable,
          isInMetadata: place.isInMetadata || isMeta,
          noDefaults: isMeta && outer.isRoot ? `in top-level ${name}` : place.noDefaults,
        },
      }
    }
  }
}

function inside(schema: JSONSchemaProps, place: Place): Place {
  const within = maxElements(schema)
  const { maxCardinality } = place
  return {
    ...place,
    isRoot: false,
    maxCardinality:
      maxCardinality === undefined || within === undefined ? undefined : maxCardinality * within,
  }
}

function maxElements({
  type,
  additionalProperties,
  maxProperties,
  maxItems,
}: JSONSchemaProps): number | undefined {
  if (type === "array") return maxItems && Math.max(maxItems, 0)
  if (type !== "object" || additionalProperties === undefined) return 1
  return maxProperties && Math.max(maxProperties, 0)
}

function* nestedSchemas(schema: JSONSchemaProps, path: FieldPath, place: Place) {
  if (schema.not) yield { child: schema.not, at: path.child("not"), in: place }
  for (const name of ["allOf", "oneOf", "anyOf"] as const) {
    for (const [index, child] of (schema[name] ?? []).entries())
      yield { child, at: path.child(name).index(index), in: place }
  }
}

function* elements(schema: JSONSchemaProps, path: FieldPath, place: Place) {
  const { items } = schema
  if (!items) return
  const isCorrelatable = schema["x-kubernetes-list-type"] === "map"
  const where = { ...place, uncorrelatable: place.uncorrelatable ?? (isCorrelatable ? undefined : path) }
  const list = Array.isArray(items) ? items : [items]
  for (const [index, child] of list.entries()) {
    const at = path.child("items")
    yield { child, at: Array.isArray(items) ? at.index(index) : at, in: where }
  }
}

const types = ["array", "boolean", "integer", "number", "object", "string"]

const unsupported = [
  ["id", "id"],
  ["additionalItems", "additionalItems"],
  ["patternProperties", "patternProperties"],
  ["definitions", "definitions"],
  ["dependencies", "dependencies"],
  ["$ref", "$ref"],
] as const

function* validateKeywords(
  schema: JSONSchemaProps,
  path: FieldPath,
  { noDefaults, isInMetadata }: Place,
  lenient: SchemaLeniency,
): Errors {
  const { type } = schema
  if (type && !lenient.types && !types.includes(type)) yield unsupportedValue(path.child("type"), type, types)
  if (schema.default !== undefined && schema.default !== null && noDefaults !== undefined)
    yield forbiddenValue(path.child("default"), `must not be set ${noDefaults}`)
  for (const [name, text] of unsupported) {
    if (isSet(schema[name])) yield forbiddenValue(path.child(name), `${text} is not supported`)
  }
  if (type === "null") {
    const detail = "type cannot be set to null, use nullable as an alternative"
    yield forbiddenValue(path.child("type"), detail)
  }
  if (Array.isArray(schema.items) && schema.items.length > 0)
    yield forbiddenValue(path.child("items"), "items must be a schema object and not an array")
  if (isInMetadata && schema["x-kubernetes-embedded-resource"]) {
    const at = path.child("x-kubernetes-embedded-resource")
    yield forbiddenValue(at, "must not be used inside of resource meta")
  }
  yield* validateCombinations(schema, path)
}

function* validateCombinations(schema: JSONSchemaProps, path: FieldPath): Errors {
  if (schema.uniqueItems) {
    const detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
    yield forbiddenValue(path.child("uniqueItems"), detail)
  }
  const { additionalProperties, properties = {} } = schema
  if (
    additionalProperties !== undefined &&
    additionalProperties !== true &&
    Object.keys(properties).length > 0
  ) {
    const detail = "additionalProperties and properties are mutual exclusive"
    yield forbiddenValue(path.child("additionalProperties"), detail)
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    const at = path.child("x-kubernetes-preserve-unknown-fields")
    yield invalidValue(at, false, "must be true or undefined")
  }
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === "") return false
  return typeof value !== "object" || value === null || Object.keys(value).length > 0
}
