import {
  type AnySchema,
  type Field,
  type ListSchema,
  type MapSchema,
  type ObjectSchema,
  type Presence,
  resolve,
  type ScalarName,
  type ScalarSchema,
  type Schema,
  type SchemaRef,
} from "./schema.ts"

/**
 * A schema prepared for walking: references resolved (lazily, since types contain themselves), fields in a Map (so that a
 * field called "constructor" is not found on every object), positions numbered. Every walker shares these plans; a walk
 * does no lookup by schema.
 *
 * `isTyped` says whose rules hold. Built-in kinds follow Go's types: null and zero are absent, a value of the wrong type
 * cannot be decoded. Custom resources are plain JSON: nothing is lost, and types are a matter of validation. A custom
 * resource's metadata is typed, being a definition with a name; so both mix in one object.
 */
export type Plan = ScalarPlan | AnyPlan | ListPlan | MapPlan | ObjectPlan

export interface ScalarPlan {
  readonly kind: "scalar"
  readonly schema: ScalarSchema
  readonly isTyped: boolean
  readonly scalar: ScalarName
}

export interface AnyPlan {
  readonly kind: "any"
  readonly schema: AnySchema
  readonly isTyped: boolean
}

export interface ListPlan {
  readonly kind: "list"
  readonly schema: ListSchema
  readonly isTyped: boolean
  /** Whoever changes a part of it owns it all. */
  readonly isAtomic: boolean
  /** The members that tell its elements apart, by name. */
  readonly sortedKeys: readonly string[]
  readonly element: PlanRef
}

export interface MapPlan {
  readonly kind: "map"
  readonly schema: MapSchema
  readonly isTyped: boolean
  readonly isAtomic: boolean
  readonly value: PlanRef
}

export interface ObjectPlan {
  readonly kind: "object"
  readonly schema: ObjectSchema
  readonly isTyped: boolean
  readonly isAtomic: boolean
  readonly fields: ReadonlyMap<string, FieldPlan>
  /** In declared order, which is the order of writing. */
  readonly list: readonly FieldPlan[]
  /** How many fields are always written. */
  readonly alwaysCount: number
}

export interface FieldPlan {
  readonly name: string
  /** Position in the declared order. */
  readonly index: number
  readonly field: Field
  readonly presence: Presence
  /** Is never left out, though it may be zero or null. */
  readonly isAlwaysWritten: boolean
  readonly ref: PlanRef
}

/** A plan that is made when it is first asked for. */
export class PlanRef {
  readonly #ref: SchemaRef
  readonly #isTyped: boolean
  #plan: Plan | undefined

  constructor(ref: SchemaRef, isTyped: boolean) {
    this.#ref = ref
    this.#isTyped = isTyped
  }

  get(): Plan {
    this.#plan ??= planOf(resolve(this.#ref), this.#isTyped)
    return this.#plan
  }
}

const typedPlans = new WeakMap<Schema, Plan>()
const untypedPlans = new WeakMap<Schema, Plan>()

export function objectPlan(schema: ObjectSchema): ObjectPlan {
  return planOf(schema, schema.name !== undefined) as ObjectPlan
}

/** `isTyped` is the surroundings' answer; an object with a definition's name is typed wherever it stands. */
export function planOf(schema: Schema, isTyped: boolean): Plan {
  const typed = schema.kind === "object" ? schema.name !== undefined : isTyped
  const plans = typed ? typedPlans : untypedPlans
  const known = plans.get(schema)
  if (known) return known
  const plan = makePlan(schema, typed)
  plans.set(schema, plan)
  return plan
}

function makePlan(schema: Schema, isTyped: boolean): Plan {
  switch (schema.kind) {
    case "scalar":
      return planLike({ kind: "scalar", schema, isTyped, scalar: schema.name })
    case "any":
      return planLike({ kind: "any", schema, isTyped })
    case "list": {
      const element = new PlanRef(schema.element, isTyped)
      const isAtomic = schema.listType === "atomic"
      const sortedKeys = [...(schema.keys ?? [])].sort()
      return planLike({ kind: "list", schema, isTyped, isAtomic, sortedKeys, element })
    }
    case "map": {
      const value = new PlanRef(schema.value, isTyped)
      return planLike({ kind: "map", schema, isTyped, isAtomic: schema.atomic === true, value })
    }
    case "object": {
      const isAtomic = schema.atomic === true
      return planLike({ kind: "object", schema, isTyped, isAtomic, ...fieldsOf(schema, isTyped) })
    }
  }
}

/**
 * All plans get the same members in the same order: walkers meet every kind, and the engine reads one shape much faster.
 * Schemas have as many shapes as there are ways to write one, so what is asked for often is taken over.
 */
function planLike(plan: Plan): Plan {
  const { kind, schema, isTyped, ...own } = plan
  return { kind, schema, isTyped, ...absent, ...own } as Plan
}

const absent = {
  scalar: undefined,
  isAtomic: false,
  sortedKeys: undefined,
  element: undefined,
  value: undefined,
  fields: undefined,
  list: undefined,
  alwaysCount: 0,
}

function fieldsOf(
  schema: ObjectSchema,
  isTyped: boolean,
): Pick<ObjectPlan, "list" | "fields" | "alwaysCount"> {
  const list = Object.entries(schema.fields).map(
    ([name, field], index): FieldPlan => ({
      name,
      index,
      field,
      presence: field.presence,
      isAlwaysWritten: field.presence === "always" || field.writtenAsNull === true,
      ref: new PlanRef(field.schema, isTyped),
    }),
  )
  return {
    list,
    fields: new Map(list.map((each) => [each.name, each])),
    alwaysCount: list.filter((each) => each.isAlwaysWritten).length,
  }
}

export type JsonRecord = Record<string, unknown>

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** A member that somebody else has named: "constructor" and "__proto__" are found on every object, and are none. */
export function getMember<T>(record: { readonly [name: string]: T } | undefined, key: string): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined
}

/** Sets a member whatever its name: assigning to "__proto__" would change what the object is. */
export function setMember(record: JsonRecord, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  } else record[key] = value
}
