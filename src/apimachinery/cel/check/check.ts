/**
 * Type checking as cel-go does it, since what it accepts and how it words its errors is part of the API: expressions are
 * checked before they are stored. Types are gradual; where nothing is known a value is `dyn` and fits everywhere.
 */
import type { CelFunction, Overload } from "../library/function.ts"
import { kubernetesFunctions } from "../library/kubernetes-functions.ts"
import type { CelErrors } from "../parse/cel-errors.ts"
import type {
  CallExpression,
  ComprehensionExpression,
  Expression,
  ListExpression,
  MapExpression,
  SelectExpression,
  StructExpression,
} from "../parse/expression.ts"
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  errorType,
  formatType,
  intType,
  isOptional,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  parameter,
  stringType,
  uintType,
  unwrapOptional,
} from "../types/cel-type.ts"
import { assign, assignAll, isExactly, mostGeneral, type Substitutions, substitute } from "../types/unify.ts"
import { UInt } from "../values/value.ts"
import { type CelEnvironment, candidateNames } from "./environment.ts"
import { Names } from "./names.ts"
import type { Reference } from "./reference.ts"

export interface CheckedExpression {
  readonly expression: Expression
  typeOf(expression: Expression): CelType
  referenceOf(expression: Expression): Reference | undefined
}

/** Reports to `errors`; what is returned is of use only if there were none. */
export function checkCel(
  expression: Expression,
  environment: CelEnvironment,
  errors: CelErrors,
): CheckedExpression {
  const checker = new Checker(environment, errors)
  checker.check(expression)
  return checker.finish(expression)
}

class Checker {
  readonly #names: Names
  readonly #functions: ReadonlyMap<string, CelFunction>
  readonly #container: string
  readonly #errors: CelErrors
  readonly #types = new Map<Expression, CelType>()
  readonly #references = new Map<Expression, Reference>()
  readonly #mapping: Substitutions = new Map()
  #freeParameters = 0

  constructor(environment: CelEnvironment, errors: CelErrors) {
    this.#names = new Names(environment)
    this.#functions = environment.functions ?? kubernetesFunctions
    this.#container = environment.container ?? ""
    this.#errors = errors
  }

  finish(expression: Expression): CheckedExpression {
    for (const [node, type] of this.#types) this.#types.set(node, substitute(this.#mapping, type, true))
    return {
      expression,
      typeOf: (node) => this.#types.get(node) ?? dynType,
      referenceOf: (node) => this.#references.get(node),
    }
  }

  check(node: Expression): CelType {
    const type = this.#typeOf(node)
    this.#types.set(node, type)
    return type
  }

  #typeOf(node: Expression): CelType {
    switch (node.kind) {
      case "literal":
        return literalType(node.value)
      case "identifier":
        return this.#lookUp(node, node.name) ?? this.#undeclared(node.offset, node.name)
      case "select":
        return this.#select(node)
      case "call":
        return this.#call(node)
      case "list":
        return this.#list(node)
      case "map":
        return this.#map(node)
      case "struct":
        return this.#struct(node)
      default:
        return this.#comprehension(node)
    }
  }

  #undeclared(offset: number, name: string): CelType {
    this.#errors.report(offset, `undeclared reference to '${name}' (in container '${this.#container}')`)
    return errorType
  }

  #lookUp(node: Expression, name: string): CelType | undefined {
    const found = this.#names.find(name)
    if (found) this.#references.set(node, found.reference)
    return found?.type
  }

  #select(node: SelectExpression): CelType {
    // `a.b` may be one name.
    const name = node.testOnly ? undefined : qualifiedName(node)
    const known = name === undefined ? undefined : this.#lookUpQualified(node, name)
    if (known) return known
    const type = this.#selectField(node.offset, node.operand, node.field, false)
    return node.testOnly ? boolType : substitute(this.#mapping, type, false)
  }

  // A local variable's fields are never a name with dots.
  #lookUpQualified(node: Expression, name: string): CelType | undefined {
    return this.#names.isLocal(name.split(".", 1)[0] ?? "") ? undefined : this.#lookUp(node, name)
  }

  #selectField(offset: number, operand: Expression, field: string, optional: boolean): CelType {
    const operandType = substitute(this.#mapping, this.check(operand), false)
    const target = unwrapOptional(operandType)
    const type = this.#fieldType(offset, target, field)
    return optional || isOptional(operandType) ? optionalOf(type) : type
  }

  #fieldType(offset: number, target: CelType, field: string): CelType {
    switch (target.kind) {
      case "map":
        return target.value
      case "object": {
        const known = target.fields.get(field)?.type ?? target.otherFields
        if (known) return known
        this.#errors.report(offset, `undefined field '${field}'`)
        return errorType
      }
      case "opaque":
        if (!target.isObject) break
        this.#errors.report(offset, `undefined field '${field}'`)
        return errorType
      case "parameter":
        assign(this.#mapping, dynType, target)
        return dynType
      case "dyn":
      case "error":
        return dynType
      default:
        break
    }
    this.#errors.report(offset, `type '${formatType(target)}' does not support field selection`)
    return dynType
  }

  #call(node: CallExpression): CelType {
    if (node.function === "_?._") return this.#optionalSelect(node)
    for (const arg of node.args) this.check(arg)
    const { target } = node
    if (!target) return this.#resolve(node, this.#findFunction(node.function), undefined, false)
    const prefix = qualifiedName(target)
    const namespaced = prefix === undefined ? undefined : this.#findFunction(`${prefix}.${node.function}`)
    if (namespaced) return this.#resolve(node, namespaced, undefined, true)
    this.check(target)
    return this.#resolve(node, this.#functions.get(node.function), target, false)
  }

  #findFunction(name: string): CelFunction | undefined {
    for (const candidate of candidateNames(this.#container, name)) {
      const found = this.#functions.get(candidate)
      if (found) return found
    }
    return undefined
  }

  #optionalSelect(node: CallExpression): CelType {
    const [operand, field] = node.args as [Expression, Expression]
    const name = field.kind === "literal" && typeof field.value === "string" ? field.value : ""
    const type = this.#selectField(node.offset, operand, name, true)
    this.#references.set(node, { kind: "optionalField" })
    return substitute(this.#mapping, type, false)
  }

  #resolve(
    node: CallExpression,
    found: CelFunction | undefined,
    target: Expression | undefined,
    isNamespaced: boolean,
  ): CelType {
    if (!found) return this.#undeclared(node.offset, node.function)
    const nodes = target ? [target, ...node.args] : node.args
    const argTypes = nodes.map((arg) => this.#types.get(arg) ?? errorType)
    if (found.name === "_&&_" || found.name === "_||_") return this.#logical(node, found, nodes, argTypes)
    let result: CelType | undefined
    const matching: Overload[] = []
    for (const overload of found.overloads) {
      if (overload.isMember !== (target !== undefined)) continue
      const type = this.#tryOverload(overload, argTypes)
      if (!type) continue
      matching.push(overload)
      if (result === undefined) result = type
      else if (result.kind !== "dyn" && !isExactly(type, result)) result = dynType
    }
    if (result === undefined) return this.#noOverload(node, found.name, argTypes, target !== undefined)
    this.#references.set(node, { kind: "function", function: found, overloads: matching, isNamespaced })
    return result
  }

  #tryOverload({ parameters, args, result }: Overload, argTypes: readonly CelType[]): CelType | undefined {
    if (parameters.length === 0) return assignAll(this.#mapping, argTypes, args) ? result : undefined
    const fresh: Substitutions = new Map(parameters.map((name) => [name, this.#freeParameter()]))
    const instance = (type: CelType) => substitute(fresh, type, false)
    if (!assignAll(this.#mapping, argTypes, args.map(instance))) return undefined
    return substitute(this.#mapping, instance(result), false)
  }

  #logical(
    node: CallExpression,
    found: CelFunction,
    args: readonly Expression[],
    types: readonly CelType[],
  ): CelType {
    let isRight = true
    for (const [index, type] of types.entries()) {
      if (assign(this.#mapping, type, boolType)) continue
      this.#mismatch(args[index] as Expression, boolType, type)
      isRight = false
    }
    this.#references.set(node, {
      kind: "function",
      function: found,
      overloads: found.overloads,
      isNamespaced: false,
    })
    return isRight ? boolType : errorType
  }

  #noOverload(node: CallExpression, name: string, types: readonly CelType[], isMember: boolean): CelType {
    const shown = types.map((type) => formatType(substitute(this.#mapping, type, true)))
    const [first] = shown
    const args = `(${(isMember ? shown.slice(1) : shown).join(", ")})`
    const signature = isMember ? `${first}.${args}` : args
    this.#errors.report(node.offset, `found no matching overload for '${name}' applied to '${signature}'`)
    return errorType
  }

  #list({ elements, optionals }: ListExpression): CelType {
    let joined: CelType | undefined
    for (const [index, element] of elements.entries()) {
      const type = this.check(element)
      const inner = optionals.has(index) ? this.#requireOptional(element, type) : type
      joined = this.#join(joined, inner)
    }
    return listOf(joined ?? this.#freeParameter())
  }

  #map({ entries }: MapExpression): CelType {
    let key: CelType | undefined
    let value: CelType | undefined
    for (const entry of entries) {
      key = this.#join(key, this.check(entry.key))
      const type = this.check(entry.value)
      value = this.#join(value, entry.optional ? this.#requireOptional(entry.value, type) : type)
    }
    return mapOf(key ?? this.#freeParameter(), value ?? this.#freeParameter())
  }

  #requireOptional(node: Expression, type: CelType): CelType {
    if (!isOptional(type) && type.kind !== "dyn") this.#mismatch(node, optionalOf(type), type)
    return unwrapOptional(type)
  }

  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current
    return assign(this.#mapping, previous, current) ? mostGeneral(previous, current) : dynType
  }

  #struct(node: StructExpression): CelType {
    const type = this.#names.findObjectType(node.typeName)
    if (!type) {
      this.#notConstructible(node)
      for (const field of node.fields) this.check(field.value)
      return errorType
    }
    this.#references.set(node, { kind: "object", type })
    for (const { offset, name, value, optional } of node.fields) {
      const valueType = this.check(value)
      const given = optional ? this.#requireOptional(value, valueType) : valueType
      const wanted = type.fields.get(name)?.type ?? type.otherFields
      if (!wanted) this.#errors.report(offset, `undefined field '${name}'`)
      else if (!assign(this.#mapping, wanted, given)) {
        const [expected, provided] = [formatType(wanted), formatType(given)]
        this.#errors.report(
          offset,
          `expected type of field '${name}' is '${expected}' but provided type is '${provided}'`,
        )
      }
    }
    return type
  }

  #notConstructible(node: StructExpression): void {
    const type = this.#lookUp(node, node.typeName)
    if (!type) this.#undeclared(node.offset, node.typeName)
    else if (type.kind === "type")
      this.#errors.report(node.offset, `'${node.typeName}' is not a message type`)
    else this.#errors.report(node.offset, `'${formatType(type)}' is not a type`)
  }

  #comprehension(node: ComprehensionExpression): CelType {
    this.check(node.range)
    const accumulator = this.check(node.initial)
    const range = substitute(this.#mapping, this.#types.get(node.range) ?? dynType, false)
    const [first, second] = this.#variableTypes(node, range)
    this.#names.enter([[node.accumulator, accumulator]])
    const variables: [string, CelType][] = [[node.variable, first]]
    if (node.variable2 !== undefined) variables.push([node.variable2, second])
    this.#names.enter(variables)
    this.#requireType(node.condition, boolType)
    this.#requireType(node.step, accumulator)
    this.#names.leave()
    const result = this.check(node.result)
    this.#names.leave()
    return substitute(this.#mapping, result, false)
  }

  // One variable goes over a list's elements or a map's keys; two go over indices or keys and what is there.
  #variableTypes(node: ComprehensionExpression, range: CelType): [CelType, CelType] {
    const two = node.variable2 !== undefined
    switch (range.kind) {
      case "list":
        return two ? [intType, range.element] : [range.element, range.element]
      case "map":
        return [range.key, range.value]
      case "dyn":
      case "error":
        return [dynType, dynType]
      case "parameter":
        assign(this.#mapping, dynType, range)
        return [dynType, dynType]
      default: {
        const what = "cannot be range of a comprehension (must be list, map, or dynamic)"
        this.#errors.report(node.range.offset, `expression of type '${formatType(range)}' ${what}`)
        return [errorType, errorType]
      }
    }
  }

  #requireType(node: Expression, wanted: CelType): void {
    const type = this.check(node)
    if (!assign(this.#mapping, wanted, type)) this.#mismatch(node, wanted, type)
  }

  #mismatch({ offset }: Expression, expected: CelType, found: CelType): void {
    this.#errors.report(offset, `expected type '${formatType(expected)}' but found '${formatType(found)}'`)
  }

  #freeParameter(): CelType {
    return parameter(`_var${this.#freeParameters++}`)
  }
}

function literalType(value: unknown): CelType {
  switch (typeof value) {
    case "boolean":
      return boolType
    case "bigint":
      return intType
    case "number":
      return doubleType
    case "string":
      return stringType
    default:
      return value === null ? nullType : value instanceof UInt ? uintType : bytesType
  }
}

/** `a.b.c` as a name; undefined when it is not made of names alone. */
function qualifiedName(node: Expression): string | undefined {
  if (node.kind === "identifier") return node.name
  if (node.kind !== "select" || node.testOnly) return undefined
  const prefix = qualifiedName(node.operand)
  return prefix === undefined ? undefined : `${prefix}.${node.field}`
}
