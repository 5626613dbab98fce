import { copyJson, thaw } from "./freeze.ts"
import type { ObjectSchema } from "./schema.ts"
import {
  type FieldPlan,
  isRecord,
  type JsonRecord,
  type ObjectPlan,
  objectPlan,
  type Plan,
} from "./schema-plan.ts"

/**
 * Fills in what the writer left out: first a field's own default, then, innermost message first, the rules that look at
 * more than one field. For custom resources `default` of the schema, with upstream's rule for null: it counts as absent
 * unless the field is nullable.
 *
 * The object must be decoded (structural.ts). Frozen parts are copied before they change, others change in place. Gives the
 * object with its defaults, which is the given one where nothing had to be copied.
 */
export function applyDefaults<T extends object>(schema: ObjectSchema, value: T): T {
  return withDefaults(objectPlan(schema), value) as T
}

function withDefaults(plan: Plan, value: unknown): unknown {
  if (value === null || value === undefined || !hasDefaults(plan)) return value
  switch (plan.kind) {
    case "object":
      return isRecord(value) ? objectWithDefaults(plan, value) : value
    case "list":
      return Array.isArray(value) ? listWithDefaults(plan.element.get(), value) : value
    case "map":
      return isRecord(value) ? mapWithDefaults(plan.value.get(), value) : value
    default:
      return value
  }
}

function objectWithDefaults(plan: ObjectPlan, value: JsonRecord): JsonRecord {
  const { applyDefaults: hook } = plan.schema
  // A hook may change what lies below its object as well.
  let target = hook ? thaw(value) : value
  for (const field of defaultingFields(plan)) {
    const before = target[field.name]
    const member = isUnset(plan, field, before) ? copyJson(field.field.default) : before
    const after = withDefaults(field.ref.get(), member)
    if (after === before) continue
    if (Object.isFrozen(target)) target = { ...target }
    target[field.name] = after
  }
  if (hook) hook(target)
  return target
}

function isUnset(plan: ObjectPlan, { field, presence, ref }: FieldPlan, value: unknown): boolean {
  if (field.default === undefined) return false
  if (value === undefined) return true
  if (!plan.isTyped) return value === null && !ref.get().schema.nullable
  return presence !== "explicit" && (value === "" || value === 0 || value === false || value === null)
}

function listWithDefaults(element: Plan, value: unknown[]): unknown[] {
  let target = value
  for (let index = 0; index < value.length; index++) {
    const after = withDefaults(element, value[index])
    if (after === value[index]) continue
    if (Object.isFrozen(target)) target = target.slice()
    target[index] = after
  }
  return target
}

function mapWithDefaults(element: Plan, value: JsonRecord): JsonRecord {
  let target = value
  for (const key of Object.keys(value)) {
    const after = withDefaults(element, value[key])
    if (after === value[key]) continue
    if (Object.isFrozen(target)) target = { ...target }
    target[key] = after
  }
  return target
}

const defaultingFieldsOf = new WeakMap<ObjectPlan, FieldPlan[]>()

/** The fields worth a look: with a default of their own or somewhere below. */
function defaultingFields(plan: ObjectPlan): FieldPlan[] {
  let fields = defaultingFieldsOf.get(plan)
  if (!fields) {
    fields = plan.list.filter(({ field, ref }) => field.default !== undefined || hasDefaults(ref.get()))
    defaultingFieldsOf.set(plan, fields)
  }
  return fields
}

const known = new WeakMap<Plan, boolean>()

/** Whether a value of this plan could get a default anywhere. Status, labels and the like are skipped whole. */
function hasDefaults(plan: Plan): boolean {
  const before = known.get(plan)
  if (before !== undefined) return before
  // A type that contains itself finds this answer on the way round: looking in vain is better than not looking.
  known.set(plan, true)
  const answer = findDefaults(plan)
  known.set(plan, answer)
  return answer
}

function findDefaults(plan: Plan): boolean {
  switch (plan.kind) {
    case "object":
      if (plan.schema.applyDefaults) return true
      return plan.list.some(({ field, ref }) => field.default !== undefined || hasDefaults(ref.get()))
    case "list":
      return hasDefaults(plan.element.get())
    case "map":
      return hasDefaults(plan.value.get())
    default:
      return false
  }
}
