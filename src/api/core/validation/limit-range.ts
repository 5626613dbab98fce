import { getMember } from "../../../apimachinery/schema-plan.ts"
import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { qualifiedNameProblems } from "../../../apimachinery/names.ts"
import { parseQuantity, type Quantity, quantityValue } from "../../../apimachinery/quantity.ts"
import { type Errors, problems } from "../../validation/checks.ts"
import type { LimitRange, LimitRangeItem } from "../v1/limit-range.ts"
import { isOvercommitAllowed, validateContainerResourceName, validateResourceName } from "./resources.ts"

const path = fieldPath("spec", "limits")
const ownTypes = ["Pod", "Container", "PersistentVolumeClaim"]
const lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const

export function* validateLimitRange({ spec }: LimitRange): Errors {
  const types = new Set<string>()
  for (const [index, limit] of (spec.limits ?? []).entries()) {
    const at = path.index(index)
    yield* validateType(limit.type, at.child("type"))
    if (types.has(limit.type)) yield duplicateValue(at.child("type"), limit.type)
    types.add(limit.type)
    yield* names(limit, at)
    yield* amounts(limit, at)
  }
}

function* validateType(type: string, at: FieldPath): Errors {
  const texts = qualifiedNameProblems(type)
  yield* problems(type, at, texts)
  if (texts.length === 0 && !type.includes("/") && !ownTypes.includes(type)) {
    yield invalidValue(at, type, "must be a standard limit type or fully qualified")
  }
}

function* names(limit: LimitRangeItem, at: FieldPath): Errors {
  const nameRule =
    limit.type === "Pod" || limit.type === "Container" ? validateContainerResourceName : validateResourceName
  for (const list of lists) {
    const isDefault = list === "default" || list === "defaultRequest"
    if (limit.type === "Pod" && isDefault) {
      if (Object.keys(limit[list] ?? {}).length === 0) continue
      yield forbiddenValue(at.child(list), "may not be specified when `type` is 'Pod'")
      continue
    }
    if (list === "maxLimitRequestRatio") yield* storageBounds(limit, at)
    for (const name of Object.keys(limit[list] ?? {})) yield* nameRule(name, at.child(list).key(name))
  }
}

function* storageBounds({ type, min, max }: LimitRangeItem, at: FieldPath): Errors {
  if (type !== "PersistentVolumeClaim" || min?.["storage"] !== undefined || max?.["storage"] !== undefined)
    return
  const detail = "either minimum or maximum storage value is required, but neither was provided"
  yield requiredValue(at.child("limits"), detail)
}

function* amounts(limit: LimitRangeItem, at: FieldPath): Errors {
  const counted = limit.type === "Pod" ? lists.filter((list) => !list.startsWith("default")) : lists
  const resources = new Set(counted.flatMap((list) => Object.keys(limit[list] ?? {})))
  for (const name of resources) {
    const bounds: Bounds = {}
    for (const list of counted) {
      const amount = getMember(limit[list], name)
      if (amount !== undefined) bounds[list] = parseQuantity(amount)
    }
    yield* inOrder(bounds, name, at)
    yield* ratio(bounds, at.child("maxLimitRequestRatio").key(name))
    yield* equalDefaults(bounds, name, at)
  }
}

type Bounds = { [list in (typeof lists)[number]]?: Quantity }

interface Order {
  readonly less: keyof Bounds
  readonly more: keyof Bounds
  readonly at: keyof Bounds
  /** Which of both the error shows. */
  readonly shown: keyof Bounds
}

const orders: readonly Order[] = [
  { less: "min", more: "max", at: "min", shown: "min" },
  { less: "min", more: "defaultRequest", at: "defaultRequest", shown: "defaultRequest" },
  { less: "defaultRequest", more: "max", at: "defaultRequest", shown: "defaultRequest" },
  { less: "defaultRequest", more: "default", at: "defaultRequest", shown: "defaultRequest" },
  { less: "min", more: "default", at: "default", shown: "min" },
  { less: "default", more: "max", at: "default", shown: "max" },
]

function* inOrder(bounds: Bounds, name: string, at: FieldPath): Errors {
  for (const { less, more, at: where, shown } of orders) {
    const [low, high] = [bounds[less], bounds[more]]
    if (!low || !high || low.nanos <= high.nanos) continue
    const title = (list: keyof Bounds) => {
      if (list === "defaultRequest") return "default request value"
      if (list !== "default") return `${list} value`
      return less === "defaultRequest" ? "default limit value" : "default value"
    }
    const detail = `${title(less)} ${low.text} is greater than ${title(more)} ${high.text}`
    yield invalidValue(at.child(where).key(name), bounds[shown]!.text, detail)
  }
}

/** No limit of a container can be more times its request than the greatest limit is the smallest request. */
function* ratio({ maxLimitRequestRatio: most, min, max }: Bounds, at: FieldPath): Errors {
  if (!most) return
  if (most.nanos < 1_000_000_000n) yield invalidValue(at, most.text, `ratio ${most.text} is less than 1`)
  if (!min || !max) return
  const possible = quantityValue(max) / quantityValue(min)
  const exact = Number(max.nanos) / Number(min.nanos)
  const limit = Number.isFinite(exact) ? exact : possible
  if (Number(most.nanos) / 1e9 <= limit) return
  yield invalidValue(at, most.text, `ratio ${most.text} is greater than max/min = ${limit.toFixed(6)}`)
}

function* equalDefaults(
  { default: limit, defaultRequest: request }: Bounds,
  name: string,
  at: FieldPath,
): Errors {
  if (isOvercommitAllowed(name) || !limit || !request || limit.nanos === request.nanos) return
  const detail = `default value ${limit.text} must equal to defaultRequest value ${request.text} in ${name}`
  yield invalidValue(at.child("defaultRequest").key(name), request.text, detail)
}
