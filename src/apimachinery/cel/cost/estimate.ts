/**
 * Bounds of what an expression costs, without evaluating it: how large things get is known from literals and from the
 * sizes in the types of variables. Follows cel-go's estimate step by step, because the limits that upstream sets on these
 * numbers decide which rules a CustomResourceDefinition may have.
 */
import type { CheckedExpression } from "../check/check.ts"
import type { CallExpression, ComprehensionExpression, Expression } from "../parse/expression.ts"
import { accumulatorName } from "../parse/macros.ts"
import { type CelType, dynType, isOptional } from "../types/cel-type.ts"
import { codePointLength } from "../values/value.ts"
import { identifierCost, listCreationCost, mapCreationCost, objectCreationCost } from "./call-cost.ts"
import { declaredSizeOf } from "./declared-size.ts"
import { type CallEstimate, estimateCall, type SizedNode } from "./estimate-call.ts"
import {
  addEstimates,
  type CostEstimate,
  fixed,
  maxCost,
  multiplyEstimates,
  type SizeEstimate,
  unionEstimates,
  unknownSize,
} from "./size.ts"

export type { CostEstimate } from "./size.ts"

/** @param variables whose types say how large their parts may be */
export function estimateCost(
  checked: CheckedExpression,
  variables: Readonly<Record<string, CelType>>,
): CostEstimate {
  const sized = Object.values(variables).find((type) => declaredSizeOf(type) !== undefined)
  return new Estimator(checked, sized).cost(checked.expression)
}

/** How large the keys and the values in a container are. */
interface EntrySize {
  readonly container: "list" | "map"
  readonly key: SizeEstimate
  readonly value: SizeEstimate
}

interface LocalVariable {
  readonly declared: CelType | undefined
  readonly size: SizeEstimate | undefined
  readonly entry: EntrySize | undefined
}

const nothing = fixed(0)

/** What the type of a variable does not tell. */
const nowhere = dynType

class Estimator {
  readonly #checked: CheckedExpression
  readonly #root: CelType | undefined
  /** What the type of a variable says of a part of it; undefined where an expression is no part of a variable. */
  readonly #declared = new Map<Expression, CelType | undefined>()
  readonly #sizes = new Map<Expression, SizeEstimate>()
  readonly #entries = new Map<Expression, EntrySize>()
  readonly #locals = new Map<string, LocalVariable[]>()

  constructor(checked: CheckedExpression, sized: CelType | undefined) {
    this.#checked = checked
    this.#root = sized
  }

  cost(node: Expression): CostEstimate {
    switch (node.kind) {
      case "literal":
        return nothing
      case "identifier":
        return this.#identifier(node, node.name)
      case "select":
        return this.#select(node)
      case "call":
        return this.#call(node)
      case "list": {
        const costs = node.elements.map((element) => this.cost(element))
        this.#setEntries(node, "list", fixed(1), this.#unionOf(node.elements))
        return addEstimates(...costs, fixed(listCreationCost))
      }
      case "map": {
        const costs = node.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)])
        const keys = this.#unionOf(node.entries.map(({ key }) => key))
        this.#setEntries(node, "map", keys, this.#unionOf(node.entries.map(({ value }) => value)))
        return addEstimates(...costs, fixed(mapCreationCost))
      }
      case "struct":
        return addEstimates(...node.fields.map(({ value }) => this.cost(value)), fixed(objectCreationCost))
      default:
        return this.#comprehension(node)
    }
  }

  #identifier(node: Expression, name: string): CostEstimate {
    const local = this.#local(name)
    if (local) this.#declared.set(node, local.declared)
    // Upstream takes the name of a type for the object itself.
    else if (this.#checked.referenceOf(node)?.kind === "type") this.#declared.set(node, this.#root)
    else this.#declared.set(node, this.#checked.typeOf(node))
    return fixed(identifierCost)
  }

  #select(node: Expression & { kind: "select" }): CostEstimate {
    const reference = this.#checked.referenceOf(node)
    if (reference?.kind === "variable") return this.#identifier(node, reference.name)
    const cost = this.cost(node.operand)
    if (node.testOnly) return cost
    const target = this.#checked.typeOf(node.operand)
    this.#declared.set(
      node,
      this.#part(node.operand, (type) => fieldOf(type, node.field)),
    )
    return addEstimates(cost, isSelectable(target) ? fixed(identifierCost) : nothing)
  }

  #call(node: CallExpression): CostEstimate {
    const reference = this.#checked.referenceOf(node)
    if (node.function === "dyn" && node.args[0]) return this.#dynCall(node, node.args[0])
    const costs = node.args.map((arg) => this.cost(arg))
    const isNamespaced = reference?.kind === "function" && reference.isNamespaced
    const target = isNamespaced ? undefined : node.target
    const targetCost = target ? this.cost(target) : nothing
    if (reference?.kind === "optionalField") return addEstimates(...costs, fixed(1))
    if (reference?.kind !== "function") return nothing
    const ids = reference.overloads.map(({ id }) => id)
    const estimates = ids.map((id) => this.#overload(node, reference.function.name, id, target, costs))
    this.#trackIndex(node, ids)
    this.#trackSize(node, estimates)
    const total = estimates.map(({ cost }) => cost).reduce(unionEstimates)
    return addEstimates(targetCost, total)
  }

  #dynCall(node: CallExpression, arg: Expression): CostEstimate {
    const cost = addEstimates(fixed(1), this.cost(arg))
    this.#copySizes(node, arg)
    return cost
  }

  #overload(
    node: CallExpression,
    name: string,
    id: string,
    target: Expression | undefined,
    costs: readonly CostEstimate[],
  ): CallEstimate {
    const argNodes = node.args.map((arg) => this.#sized(arg))
    const estimate = estimateCall(name, id, target && this.#sized(target), argNodes, costs)
    if (id === "conditional") this.#unionEntries(node, node.args[1], node.args[2])
    if (id === "add_list" || id === "add_string" || id === "add_bytes") {
      this.#unionEntries(node, node.args[0], node.args[1])
    }
    return estimate
  }

  #trackIndex(node: CallExpression, ids: readonly string[]): void {
    const [container] = node.args
    if (!container) return
    const isIndex = ids.includes("index_list") || ids.includes("index_map")
    if (!isIndex) return
    const entry = this.#entryOf(container)
    if (entry) this.#sizes.set(node, entry.value)
    const isMap = ids.at(-1) === "index_map"
    this.#declared.set(node, this.#part(container, isMap ? valueOf : elementOf))
  }

  #trackSize(node: CallExpression, estimates: readonly CallEstimate[]): void {
    const sizes = estimates.flatMap(({ size }) => (size ? [size] : []))
    if (sizes.length > 0) this.#sizes.set(node, sizes.reduce(unionEstimates))
    else {
      const size = this.#sizeOf(node)
      if (size) this.#sizes.set(node, size)
    }
  }

  #comprehension(node: ComprehensionExpression): CostEstimate {
    if (isBinding(node)) return this.#binding(node)
    const costs = [this.cost(node.range), this.cost(node.initial)]
    this.#push(node.accumulator, this.#asLocal(node.initial))
    this.#pushVariables(node)
    const condition = this.cost(node.condition)
    const step = this.cost(node.step)
    const stepEntries = this.#entryOf(node.step)
    this.#pop(node.variable)
    if (node.variable2 !== undefined) this.#pop(node.variable2)
    costs.push(this.cost(node.result))
    this.#pop(node.accumulator)
    const count = this.#sizeOf(node.range) ?? unknownSize
    costs.push(multiplyEstimates(count, addEstimates(step, condition)))
    if (node.initial.kind === "literal") {
      const size = this.#sizeOf(node.initial)
      if (size) this.#sizes.set(node, size)
    } else if (node.initial.kind === "list" || node.initial.kind === "map") {
      this.#sizes.set(node, count)
      if (stepEntries) this.#entries.set(node, stepEntries)
    }
    return addEstimates(...costs)
  }

  #binding(node: ComprehensionExpression): CostEstimate {
    const costs = [this.cost(node.range), this.cost(node.initial)]
    this.#push(node.accumulator, this.#asLocal(node.initial))
    costs.push(this.cost(node.result))
    this.#pop(node.accumulator)
    this.#copySizes(node, node.result)
    return addEstimates(...costs)
  }

  #pushVariables({ range, variable, variable2 }: ComprehensionExpression): void {
    const entry = this.#entryOf(range)
    const container = entry?.container ?? this.#checked.typeOf(range).kind
    const isList = container === "list"
    const declaredKey = this.#part(range, isList ? () => undefined : keyOf)
    const declaredValue = this.#part(range, isList ? elementOf : valueOf)
    const key: LocalVariable = { declared: declaredKey, size: entry?.key, entry: undefined }
    const value: LocalVariable = { declared: declaredValue, size: entry?.value, entry: undefined }
    if (variable2 === undefined) this.#push(variable, isList ? value : key)
    else {
      this.#push(variable, key)
      this.#push(variable2, value)
    }
  }

  #asLocal(node: Expression): LocalVariable {
    return { declared: this.#declaredOf(node), size: this.#sizeOf(node), entry: this.#entryOf(node) }
  }

  #sized(node: Expression): SizedNode {
    return {
      expression: node,
      type: this.#checked.typeOf(node),
      declared: this.#declaredOf(node),
      size: this.#sizeOf(node),
    }
  }

  #sizeOf(node: Expression): SizeEstimate | undefined {
    const known = this.#sizes.get(node)
    if (known) return known
    const literal = literalSize(node)
    if (literal) return literal
    const declared = this.#declaredOf(node)
    const size = declared && declaredSizeOf(declared)
    if (size) return size
    if (isScalar(this.#checked.typeOf(node))) return fixed(1)
    return node.kind === "identifier" ? this.#local(node.name)?.size : undefined
  }

  // What is computed is no part of a variable. Upstream takes parts of it for the object itself.
  #part(node: Expression, read: (type: CelType) => CelType | undefined): CelType | undefined {
    const declared = this.#declaredOf(node)
    return declared === undefined ? this.#root : (read(declared) ?? nowhere)
  }

  #declaredOf(node: Expression): CelType | undefined {
    const known = this.#declared.get(node)
    if (known || node.kind !== "identifier") return known
    return this.#local(node.name)?.declared
  }

  #entryOf(node: Expression): EntrySize | undefined {
    const known = this.#entries.get(node)
    if (known || node.kind !== "identifier") return known
    return this.#local(node.name)?.entry
  }

  #setEntries(
    node: Expression,
    container: EntrySize["container"],
    key: SizeEstimate,
    value: SizeEstimate,
  ): void {
    this.#entries.set(node, { container, key, value })
  }

  #unionEntries(node: Expression, a: Expression | undefined, b: Expression | undefined): void {
    const [left, right] = [a && this.#entryOf(a), b && this.#entryOf(b)]
    if (!left || !right) return
    const [key, value] = [unionEstimates(left.key, right.key), unionEstimates(left.value, right.value)]
    this.#setEntries(node, left.container, key, value)
  }

  #unionOf(nodes: readonly Expression[]): SizeEstimate {
    if (nodes.length === 0) return nothing
    return nodes
      .map((node) => this.#sizeOf(node) ?? unknownSize)
      .reduce(unionEstimates, { min: maxCost, max: 0 })
  }

  #copySizes(to: Expression, from: Expression): void {
    const size = this.#sizeOf(from)
    const entry = this.#entryOf(from)
    if (size) this.#sizes.set(to, size)
    if (entry) this.#entries.set(to, entry)
  }

  #local(name: string): LocalVariable | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #push(name: string, variable: LocalVariable): void {
    this.#locals.set(name, [...(this.#locals.get(name) ?? []), variable])
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop()
  }
}

function literalSize(node: Expression): SizeEstimate | undefined {
  if (node.kind === "list") return fixed(node.elements.length)
  if (node.kind === "map") return fixed(node.entries.length)
  if (node.kind !== "literal") return undefined
  if (typeof node.value === "string") return fixed(codePointLength(node.value))
  return fixed(node.value instanceof Uint8Array ? node.value.length : 1)
}

function isScalar(type: CelType): boolean {
  if (isOptional(type)) return type.parameters[0] !== undefined && isScalar(type.parameters[0])
  return ["bool", "double", "duration", "int", "timestamp", "uint"].includes(type.kind)
}

function isSelectable({ kind }: CelType): boolean {
  return kind === "map" || kind === "object" || kind === "parameter"
}

function fieldOf(type: CelType, field: string): CelType | undefined {
  return type.kind === "object" ? type.fields.get(field)?.type : undefined
}

function elementOf(type: CelType): CelType | undefined {
  return type.kind === "list" ? type.element : undefined
}

function keyOf(type: CelType): CelType | undefined {
  return type.kind === "map" ? type.key : undefined
}

function valueOf(type: CelType): CelType | undefined {
  return type.kind === "map" ? type.value : undefined
}

function isBinding({ range, condition, accumulator }: ComprehensionExpression): boolean {
  const isEmpty = range.kind === "list" && range.elements.length === 0
  return (
    isEmpty && condition.kind === "literal" && condition.value === false && accumulator !== accumulatorName
  )
}
