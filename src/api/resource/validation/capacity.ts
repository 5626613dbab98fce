import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
  tooMany,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { compareQuantities, parseQuantity, type Quantity } from "../../../apimachinery/quantity.ts"
import type { Errors } from "../../validation/checks.ts"
import type { CapacityRequestPolicyRange, DeviceCapacity } from "../v1/resource-slice.ts"

// How much of a device's capacity one allocation may take: one of some values, or a range with steps.

const maxValues = 10
const unit = 1_000_000_000n

export function* validateRequestPolicy({ value, requestPolicy }: DeviceCapacity, path: FieldPath): Errors {
  const { default: preset, validValues = [], validRange } = requestPolicy!
  const most = parseQuantity(value)
  if (validValues.length > 0 && validRange) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'
    yield forbiddenValue(path, detail)
    return
  }
  const kind = validValues.length > 0 ? "validValues" : validRange ? "validRange" : undefined
  if (!kind) return
  if (preset === undefined) {
    yield requiredValue(path.child("default"), `required when ${kind} is defined`)
    return
  }
  const chosen = parseQuantity(preset)
  if (validRange) yield* range(validRange, chosen, most, path.child("validRange"))
  else yield* values(validValues.map(parseQuantity), chosen, most, path.child("validValues"))
}

function* values(all: readonly Quantity[], preset: Quantity, most: Quantity, path: FieldPath): Errors {
  for (const [index, each] of all.entries()) {
    if (index > 0 && compareQuantities(all[index - 1]!, each) > 0) {
      yield invalidValue(path.index(index), each.text, "values must be sorted in ascending order")
    }
  }
  if (all.length > maxValues) yield tooMany(path, all.length, maxValues)
  else {
    const seen = new Set<string>()
    for (const [index, each] of all.entries()) {
      if (compareQuantities(each, most) > 0) {
        yield invalidValue(path.index(index), each.text, `option is larger than capacity value: ${most.text}`)
      }
    }
    for (const [index, each] of all.entries()) {
      const key = String(roundUp(each))
      if (seen.has(key)) yield duplicateValue(path.index(index), key)
      seen.add(key)
    }
  }
  const isThere = all.length <= maxValues && all.some((each) => compareQuantities(each, preset) === 0)
  if (!isThere)
    yield invalidValue(path, preset.text, "default value is not valid according to the requestPolicy")
}

function roundUp({ nanos }: Quantity): bigint {
  return nanos >= 0n ? (nanos + unit - 1n) / unit : nanos / unit
}

function* range(
  policy: CapacityRequestPolicyRange,
  preset: Quantity,
  most: Quantity,
  path: FieldPath,
): Errors {
  if (policy.min === undefined) {
    yield requiredValue(path.child("min"), "required when validRange is defined")
    return
  }
  const min = parseQuantity(policy.min)
  const max = policy.max === undefined ? undefined : parseQuantity(policy.max)
  const step = policy.step === undefined ? undefined : parseQuantity(policy.step)
  const above = (a: Quantity, b: Quantity) => compareQuantities(a, b) > 0
  const [minPath, maxPath] = [path.child("min"), path.child("max")]
  if (above(min, most))
    yield invalidValue(minPath, min.text, `min is larger than capacity value: ${most.text}`)
  if (above(min, preset)) yield invalidValue(minPath, preset.text, `default is less than min: ${min.text}`)
  if (max) {
    if (above(min, max)) yield invalidValue(maxPath, min.text, `min is larger than max: ${max.text}`)
    if (above(max, most))
      yield invalidValue(maxPath, max.text, `max is larger than capacity value: ${most.text}`)
    if (above(preset, max)) yield invalidValue(maxPath, preset.text, `default is more than max: ${max.text}`)
  }
  if (step) yield* steps({ min, step, most, ends: max ? [preset, max] : [preset] }, path.child("step"))
}

interface Steps {
  readonly min: Quantity
  readonly step: Quantity
  readonly most: Quantity
  readonly ends: readonly Quantity[]
}

function* steps({ min, step, most, ends }: Steps, path: FieldPath): Errors {
  if (min.nanos + step.nanos > most.nanos) {
    const sum = `${(min.nanos + step.nanos) / unit}`
    yield invalidValue(path, step.text, `one step ${sum} is larger than capacity value: ${most.text}`)
  }
  for (const end of ends) {
    const size = roundUp(step)
    if (size !== 0n && (roundUp(end) - roundUp(min)) % size === 0n) continue
    const detail = `value is not a multiple of a given step (${step.text}) from (${min.text})`
    yield invalidValue(path, end.text, detail)
  }
}
