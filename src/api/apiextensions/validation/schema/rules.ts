import { type FieldError, forbiddenValue, invalidValue } from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import {
  type CompiledRule,
  compileRules,
  maxCardinality,
  selfType,
  type ValidationRule,
} from "../../../../apimachinery/validation-rules/compile-rules.ts"
import type { Errors } from "../../../validation/checks.ts"
import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"
import type { RulePlace } from "./open-api-schema.ts"

/** In upstream's units of cost; about a second of work each. */
const ruleCostLimit = 10_000_000
const totalCostLimit = 100_000_000
/** Rules that cost less than this part of the total are not blamed for it. */
const blameLimit = totalCostLimit / 100

/**
 * Whether the expressions of x-kubernetes-validations compile, and whether they may cost too much: each for as many values
 * as its place allows, and all of a version together.
 */
export class RuleChecker {
  readonly #isCostFree: boolean
  #total = 0
  readonly #expensive: { readonly path: FieldPath; readonly cost: number }[] = []

  /** @param isCostFree rules that are there already may cost what they cost, each for itself */
  constructor(isCostFree: boolean) {
    this.#isCostFree = isCostFree
  }

  *check(schema: JSONSchemaProps, path: FieldPath, place: RulePlace): Errors {
    const isResource = place.isRoot || schema["x-kubernetes-embedded-resource"] === true
    const declared = selfType(schema, isResource)
    const at = path.child("x-kubernetes-validations")
    if (!declared) {
      yield invalidValue(at, null, "failed to retrieve type information for x-kubernetes-validations")
      return
    }
    const cardinality = place.maxCardinality ?? maxCardinality(declared)
    for (const [index, compiled] of compileRules(schema, declared).entries())
      yield* this.#checkRule(compiled, at.index(index), cardinality, place.uncorrelatable)
  }

  *#checkRule(
    compiled: CompiledRule,
    path: FieldPath,
    cardinality: number,
    uncorrelatable: FieldPath | undefined,
  ): Errors {
    const { rule, program, error, message, messageError, usesOldSelf } = compiled
    if (program) yield* this.#observe(program.estimateCost().max * cardinality, path.child("rule"), "rule")
    if (error !== undefined) yield invalidValue(path.child("rule"), shown(rule), error)
    if (messageError !== undefined)
      yield invalidValue(path.child("messageExpression"), shown(rule), messageError)
    else if (message)
      yield* this.#observe(message.estimateCost().max, path.child("messageExpression"), "messageExpression")
    if (usesOldSelf) {
      if (!uncorrelatable) return
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`
      yield invalidValue(path.child("rule"), rule.rule, detail)
    } else if (rule.optionalOldSelf !== undefined) {
      const detail = "may not be set if oldSelf is not used in rule"
      yield invalidValue(path.child("optionalOldSelf"), rule.optionalOldSelf, detail)
    }
  }

  *#observe(cost: number, path: FieldPath, what: string): Errors {
    if (!this.#isCostFree && cost > ruleCostLimit)
      yield forbiddenValue(path, excess(`estimated ${what} cost`, cost, ruleCostLimit))
    this.#total += cost
    if (cost >= blameLimit) this.#expensive.push({ path, cost })
  }

  /** After all rules have been checked. @param path of the schema's root */
  totalCostErrors(path: FieldPath): FieldError[] {
    if (this.#total <= totalCostLimit) return []
    const blamed = this.#expensive.sort((a, b) => b.cost - a.cost).slice(0, 4)
    const what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
    return [
      ...blamed.map((each) =>
        forbiddenValue(
          each.path,
          "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
        ),
      ),
      forbiddenValue(path, excess(what, this.#total, totalCostLimit)),
    ]
  }
}

function excess(what: string, cost: number, limit: number): string {
  const factor = cost / limit
  const text = factor > 100 ? "more than 100x" : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`
  return `${what} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** The rule as upstream's errors show it. */
function shown({
  rule,
  message,
  messageExpression,
  reason,
  fieldPath,
  optionalOldSelf,
}: ValidationRule): object {
  return {
    Rule: rule,
    Message: message ?? "",
    MessageExpression: messageExpression ?? "",
    Reason: reason ?? null,
    FieldPath: fieldPath ?? "",
    OptionalOldSelf: optionalOldSelf ?? null,
  }
}
