/**
 * Turns a checked expression into closures, one per node. Everything that can be known beforehand is decided here: which
 * slot a variable has, which overloads a call may mean, what costs what. What cel-go folds while planning is folded here
 * too, since that shows in the costs.
 */
import type { CheckedExpression } from "../check/check.ts"
import type { Reference } from "../check/reference.ts"
import { equalityCost, findCallCost, identifierCost } from "../cost/call-cost.ts"
import type { CallExpression, Expression, SelectExpression } from "../parse/expression.ts"
import { equal } from "../values/equal.ts"
import { CelOptional, type CelResult, CelTypeValue, isError, noValue } from "../values/value.ts"
import { callMany, callSingleton } from "./call.ts"
import { planComprehension } from "./comprehension.ts"
import { charge, type Frame, noSuchOverload, type Step } from "./frame.ts"
import { planMembership } from "./membership.ts"
import { planList, planMap, planStruct } from "./plan-collections.ts"
import { constant, fold, type PlanContext, type Planned } from "./planned.ts"
import { has, select, selectOptional } from "./select.ts"
import { Slots } from "./slots.ts"
import type { CelType } from "../types/cel-type.ts"

export interface Plan {
  readonly step: Step
  /** How many slots a frame needs. */
  readonly slots: number
}

/** Throws Error when a constant part fails, as `duration("x")` does where the check did not see it. */
export function planCel(checked: CheckedExpression, variables: Readonly<Record<string, CelType>>): Plan {
  const slots = new Slots(variables)
  const context: PlanContext = { checked, slots, plan: (node) => plan(node, context) }
  const { step } = plan(checked.expression, context)
  return { step, slots: slots.count }
}

function plan(node: Expression, context: PlanContext): Planned {
  switch (node.kind) {
    case "literal":
      return constant(node.value)
    case "identifier":
      return planName(context.checked.referenceOf(node), context)
    case "select":
      return planSelect(node, context)
    case "call":
      return planCall(node, context)
    case "list":
      return planList(node, context)
    case "map":
      return planMap(node, context)
    case "struct":
      return planStruct(node, context)
    default:
      return { step: planComprehension(node, context) }
  }
}

function planName(reference: Reference | undefined, { slots }: PlanContext): Planned {
  if (reference?.kind === "type") return constant(new CelTypeValue(reference.name))
  const name = reference?.kind === "variable" ? reference.name : ""
  const read = slots.reader(name)
  const step: Step = (frame) => {
    charge(frame, identifierCost)
    return read(frame)
  }
  return { step, rootCost: 1 }
}

function planSelect(node: SelectExpression, context: PlanContext): Planned {
  const reference = context.checked.referenceOf(node)
  if (reference) return planName(reference, context)
  const { field } = node
  const operand = planOperand(node.operand, context)
  if (node.testOnly) {
    return {
      step: (frame) => {
        const value = operand(frame)
        // Asking costs nothing: it counts as a step, and the root does not.
        if (isError(value)) frame.cost -= identifierCost
        return has(value, field)
      },
      rootCost: 0,
    }
  }
  const step: Step = (frame) => {
    const value = operand(frame)
    if (isError(value)) return value
    const part = select(value, field)
    chargePart(frame, part)
    return part
  }
  return { step, rootCost: 1 }
}

// An optional part that is absent has cost nothing.
function chargePart(frame: Frame, part: CelResult): void {
  if (part !== noValue) charge(frame, identifierCost)
}

// Of what a part is read. Where that is neither a variable nor a part itself, it costs as a variable does.
function planOperand(node: Expression, context: PlanContext): Step {
  const { step, rootCost } = context.plan(node)
  if (rootCost !== undefined) return step
  return (frame) => {
    const value = step(frame)
    charge(frame, identifierCost)
    return value
  }
}

function planCall(node: CallExpression, context: PlanContext): Planned {
  switch (node.function) {
    case "_&&_":
      return { step: planLogical(node, context, false) }
    case "_||_":
      return { step: planLogical(node, context, true) }
    case "_?_:_":
      return planConditional(node, context)
    case "_==_":
      return { step: planEquality(node, context, true) }
    case "_!=_":
      return { step: planEquality(node, context, false) }
    case "_[_]":
      return planIndex(node, context, select)
    case "_[?_]":
    case "_?._":
      return planIndex(node, context, selectOptional)
    default:
      return planFunction(node, context)
  }
}

// Either side may decide alone; an error matters only if the other side does not.
function planLogical(node: CallExpression, context: PlanContext, decides: boolean): Step {
  const [left, right] = node.args.map((arg) => context.plan(arg).step) as [Step, Step]
  return (frame) => {
    const first = left(frame)
    if (first === decides) return decides
    const second = right(frame)
    if (second === decides) return decides
    if (first === !decides && second === !decides) return !decides
    if (typeof first !== "boolean") return isError(first) ? first : noSuchOverload
    return isError(second) ? second : noSuchOverload
  }
}

function planConditional(node: CallExpression, context: PlanContext): Planned {
  const [condition, ifTrue, ifFalse] = node.args.map((arg, index) => {
    const planned = context.plan(arg)
    return index === 0 ? planned.step : withoutRoot(planned)
  }) as [Step, Step, Step]
  const step: Step = (frame) => {
    const chosen = condition(frame)
    if (chosen === true) return ifTrue(frame)
    if (chosen === false) return ifFalse(frame)
    return isError(chosen) ? chosen : noSuchOverload
  }
  return { step, rootCost: 0 }
}

function withoutRoot({ step, rootCost }: Planned): Step {
  if (!rootCost) return step
  return (frame) => {
    frame.cost -= rootCost
    return step(frame)
  }
}

function planEquality(node: CallExpression, context: PlanContext, wanted: boolean): Step {
  const [left, right] = node.args.map((arg) => context.plan(arg).step) as [Step, Step]
  return (frame) => {
    const a = left(frame)
    const b = right(frame)
    // Small values are the most frequent.
    charge(frame, isSmall(a) || isSmall(b) ? 1 : equalityCost([a, b], true))
    if (isError(a)) return a
    if (isError(b)) return b
    return equal(a, b) === wanted
  }
}

function isSmall(value: CelResult): boolean {
  return typeof value === "bigint" || typeof value === "boolean" || typeof value === "number"
}

function planIndex(
  node: CallExpression,
  context: PlanContext,
  read: (value: CelResult, key: CelResult) => CelResult,
): Planned {
  const [operandNode, keyNode] = node.args as [Expression, Expression]
  const operand = planOperand(operandNode, context)
  const key = context.plan(keyNode)
  const readKey = withoutRoot(key)
  const step: Step = (frame) => {
    const value = operand(frame)
    if (isError(value)) return value
    const part = read(value, readKey(frame))
    chargePart(frame, part)
    return part
  }
  return { step, rootCost: 1 }
}

// What stands on the right is evaluated only if there is nothing on the left; the call itself costs nothing.
function planOr([left, right]: readonly Planned[], isValue: boolean): Step {
  return (frame) => {
    const value = left?.step(frame)
    if (!(value instanceof CelOptional)) return value !== undefined && isError(value) ? value : noSuchOverload
    if (value.value === undefined) return right?.step(frame) ?? noSuchOverload
    return isValue ? value.value : value
  }
}

/** Functions that cel-go prepares where their pattern is constant. */
const takesPattern = new Set(["matches", "find", "findAll"])

const conversions = new Set([
  "bool",
  "bytes",
  "double",
  "duration",
  "dyn",
  "int",
  "string",
  "timestamp",
  "type",
  "uint",
])

function planFunction(node: CallExpression, context: PlanContext): Planned {
  const reference = context.checked.referenceOf(node)
  if (reference?.kind !== "function") throw new Error(`${node.function} was not resolved`)
  const nodes = node.target && !reference.isNamespaced ? [node.target, ...node.args] : node.args
  const args = nodes.map((arg) => context.plan(arg))
  const { function: called, overloads } = reference
  const single = overloads.length === 1 ? overloads[0] : undefined
  if (called.name === "or" || called.name === "orValue")
    return { step: planOr(args, called.name === "orValue") }
  if (single?.id === "in_list") {
    const membership = planMembership(args)
    if (membership) return membership
  }
  const steps = args.map(({ step }) => step)
  const cost = findCallCost(called.name, single?.id)
  const step = called.call
    ? callSingleton(called.call, steps, cost, called.name)
    : callMany(
        called.name,
        single ? overloads : called.overloads.filter(({ isMember }) => isMember === (nodes !== node.args)),
        steps,
        cost,
        takesPattern.has(called.name) && args[1]?.constant !== undefined,
      )
  const [first] = args
  if (args.length !== 1 || first?.constant === undefined || !conversions.has(called.name)) return { step }
  return fold(step)
}
