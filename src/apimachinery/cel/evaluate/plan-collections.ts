import { listCreationCost, mapCreationCost, objectCreationCost } from "../cost/call-cost.ts"
import type { ListExpression, MapExpression, StructExpression } from "../parse/expression.ts"
import { ValueList, ValueMap, ValueObject } from "../values/collections.ts"
import { formatKey } from "../values/format-value.ts"
import { isMapKey, mapKey } from "../values/map-key.ts"
import { CelError, CelOptional, type CelValue, isError } from "../values/value.ts"
import { charge, type Step } from "./frame.ts"
import { fold, type PlanContext, type Planned } from "./planned.ts"

/** Lists, maps and objects that an expression writes out. */
export function planList({ elements, optionals }: ListExpression, context: PlanContext): Planned {
  const planned = elements.map((element) => context.plan(element))
  const steps = planned.map(({ step }) => step)
  const build: Step = (frame) => {
    const values: CelValue[] = []
    for (const [index, step] of steps.entries()) {
      const value = step(frame)
      if (isError(value)) return value
      if (!optionals.has(index)) values.push(value)
      else if (!(value instanceof CelOptional)) return notOptional("list", value)
      else if (value.value !== undefined) values.push(value.value)
    }
    return new ValueList(values)
  }
  if (planned.every((part) => part.constant !== undefined) && optionals.size === 0) return fold(build)
  return { step: charged(build, listCreationCost) }
}

function notOptional(where: string, value: CelValue): CelError {
  return new CelError(
    `cannot initialize optional ${where} element from non-optional value ${formatKey(value)}`,
  )
}

function charged(build: Step, cost: number): Step {
  return (frame) => {
    const value = build(frame)
    charge(frame, cost)
    return value
  }
}

export function planMap({ entries }: MapExpression, context: PlanContext): Planned {
  const planned = entries.map(({ key, value, optional }) => ({
    key: context.plan(key),
    value: context.plan(value),
    optional,
  }))
  const build: Step = (frame) => {
    const members = new Map<unknown, readonly [CelValue, CelValue]>()
    for (const { key, value, optional } of planned) {
      const [madeKey, made] = [key.step(frame), value.step(frame)]
      if (isError(madeKey)) return madeKey
      if (isError(made)) return made
      if (!isMapKey(madeKey)) return new CelError("unsupported key type")
      const id = mapKey(madeKey)
      if (optional && !(made instanceof CelOptional)) return notOptional("entry", made)
      const inner = optional && made instanceof CelOptional ? made.value : made
      if (inner === undefined) continue
      members.set(id, [madeKey, inner])
    }
    return new ValueMap(members)
  }
  const isConstant = planned.every(
    ({ key, value, optional }) => !optional && key.constant !== undefined && value.constant !== undefined,
  )
  return isConstant ? fold(build) : { step: charged(build, mapCreationCost) }
}

export function planStruct(node: StructExpression, context: PlanContext): Planned {
  const reference = context.checked.referenceOf(node)
  if (reference?.kind !== "object") throw new Error(`${node.typeName} was not resolved`)
  const { type } = reference
  const fields = node.fields.map(({ name, value, optional }) => ({
    name,
    optional,
    step: context.plan(value).step,
  }))
  const build: Step = (frame) => {
    const made = new Map<string, CelValue>()
    for (const { name, optional, step } of fields) {
      const value = step(frame)
      if (isError(value)) return value
      const inner = optional && value instanceof CelOptional ? value.value : value
      if (inner !== undefined) made.set(name, inner)
    }
    return new ValueObject(type, made)
  }
  return { step: charged(build, objectCreationCost) }
}
