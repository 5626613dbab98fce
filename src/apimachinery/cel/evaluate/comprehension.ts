import type { ComprehensionExpression } from "../parse/expression.ts"
import { accumulatorName } from "../parse/macros.ts"
import { GrowingList } from "../values/collections.ts"
import { type CelList, type CelMap, type CelResult, isError, isList, isMap } from "../values/value.ts"
import { type Frame, noSuchOverload, type Step } from "./frame.ts"
import type { PlanContext } from "./planned.ts"

/** A fold over a list or a map's keys. */
export function planComprehension(node: ComprehensionExpression, context: PlanContext): Step {
  if (isBinding(node)) return planBinding(node, context)
  const { slots } = context
  const range = context.plan(node.range).step
  const initial = context.plan(node.initial).step
  const [accumulator] = slots.enter(node.accumulator) as [number]
  const names = node.variable2 === undefined ? [node.variable] : [node.variable, node.variable2]
  const [first, second] = slots.enter(...names) as [number, number?]
  const condition = context.plan(node.condition)
  const step = context.plan(node.step).step
  slots.leave()
  const result = context.plan(node.result).step
  slots.leave()
  const growsList = node.initial.kind === "list"
  const goesOn = condition.constant === true ? undefined : condition.step

  return (frame) => {
    const over = range(frame)
    if (isError(over)) return over
    const start = initial(frame)
    frame.slots[accumulator] = growsList ? new GrowingList([], 0) : start
    if (!isList(over) && !isMap(over)) return noSuchOverload
    const iterate = isList(over) ? overList(over) : overMap(over)
    for (const [key, value] of iterate) {
      frame.slots[first] = second === undefined && isList(over) ? value() : key
      if (second !== undefined) frame.slots[second] = value()
      if (goesOn && goesOn(frame) === false) break
      frame.slots[accumulator] = step(frame)
    }
    return result(frame)
  }
}

type Entry = readonly [CelResult, () => CelResult]

function* overList(list: CelList): Iterable<Entry> {
  for (let index = 0; index < list.size; index++) yield [BigInt(index), () => list.at(index)]
}

function* overMap(map: CelMap): Iterable<Entry> {
  for (const key of map.entryKeys()) yield [key, () => map.find(key) ?? null]
}

// How optMap is expressed: a fold over nothing whose accumulator is a name for a value.
function isBinding({ range, condition, accumulator }: ComprehensionExpression): boolean {
  const isEmpty = range.kind === "list" && range.elements.length === 0
  return (
    isEmpty && condition.kind === "literal" && condition.value === false && accumulator !== accumulatorName
  )
}

// The value is made when it is first read.
function planBinding(node: ComprehensionExpression, context: PlanContext): Step {
  const initial = context.plan(node.initial).step
  const slot = context.slots.enterLazy(node.accumulator, initial)
  const result = context.plan(node.result).step
  context.slots.leave()
  return (frame: Frame) => {
    frame.slots[slot] = undefined
    return result(frame)
  }
}
