import { quote } from "../base/quote.ts"
import { converterFault, goType, jsonKind } from "./go-types.ts"
import { absentValue, decodeScalar, type ScalarFault, zeroOf } from "./scalars.ts"
import type { ObjectSchema } from "./schema.ts"
import {
  type FieldPlan,
  isRecord,
  type JsonRecord,
  type ListPlan,
  type MapPlan,
  type ObjectPlan,
  objectPlan,
  type Plan,
  setMember,
} from "./schema-plan.ts"

/**
 * From parsed JSON to an object of a kind, and from any object to its canonical form: one walk that does what upstream's
 * decoding into Go structs and encoding again would do.
 *
 * - Built-in kinds: unknown fields are dropped, null is absence, zero values vanish where a Go tag says `omitempty` and
 *   appear where it does not, quantities, times and base64 take their canonical form, a value of the wrong type is an error.
 * - Custom resources: fields that the schema does not know are pruned, nulls too unless `nullable`; nothing else changes.
 * - Members come out in the order of declaration, maps sorted: JSON.stringify of the result is what upstream would send.
 *
 * What is canonical already is not copied: the walk returns the very value it was given, whole or in parts, so that a
 * later comparison can stop where two objects share a part.
 */
export class DecodeError extends Error {
  override readonly name = "DecodeError"
  /** The same in the words of the converter that upstream's strategic patches go through, where it has its own. */
  readonly converting: string | undefined

  constructor(message: string, converting?: string) {
    super(message)
    this.converting = converting
  }
}

/**
 * @param strictErrors collects what `fieldValidation` reports: `unknown field "spec.foo"`
 * @throws DecodeError in the words of Go's decoder
 */
export function decodeObject(schema: ObjectSchema, value: unknown, strictErrors?: string[]): JsonRecord {
  const plan = objectPlan(schema)
  const walk = new Walk(strictErrors, false)
  const decoded = walk.decode(plan, value, 0)
  // A custom resource's root that is no object passes through; there is nothing to do with it.
  if (!isRecord(decoded)) throw walk.wrongType(plan, value, 0)
  return decoded
}

/** The canonical form of an object that the program itself made or changed. What is not in the schema is dropped. */
export function normalize<T extends object>(schema: ObjectSchema, value: T): T {
  return new Walk(undefined, true).decode(objectPlan(schema), value, 0) as T
}

// As upstream: an object with a thousand mistakes is answered with the first hundred.
const maxStrictErrors = 100

class Walk {
  /** The way from the root; entries beyond the current depth are left over from earlier branches. */
  readonly #path: (string | number)[] = []
  /** Beside each step that names a field: the message that declares it. */
  readonly #owners: (ObjectPlan | undefined)[] = []
  readonly #strictErrors: string[] | undefined

  /** Protobuf, the form in which upstream keeps objects, knows no empty lists: what comes back is null. */
  readonly #forgetsEmptyLists: boolean

  constructor(strictErrors: string[] | undefined, forgetsEmptyLists: boolean) {
    this.#strictErrors = strictErrors
    this.#forgetsEmptyLists = forgetsEmptyLists
  }

  /** `depth` is the number of steps that led here. Absence is undefined. */
  decode(plan: Plan, value: unknown, depth: number): unknown {
    switch (plan.kind) {
      case "object":
        return isRecord(value) ? this.#decodeObject(plan, value, depth) : this.#mismatch(plan, value, depth)
      case "list":
        return Array.isArray(value)
          ? this.#decodeList(plan, value, depth)
          : this.#mismatch(plan, value, depth)
      case "map":
        return isRecord(value) ? this.#decodeMap(plan, value, depth) : this.#mismatch(plan, value, depth)
      case "scalar": {
        if (!plan.isTyped) return value
        const result = decodeScalar(plan.scalar, value)
        return isFault(result) ? this.#failScalar(result, plan, value, depth) : result
      }
      case "any":
        return value
    }
  }

  #decodeObject(plan: ObjectPlan, value: JsonRecord, depth: number): JsonRecord {
    let last = -1
    let alwaysCount = 0
    let index = 0
    this.#owners[depth] = plan
    // The engine reads members fastest in a loop over their names.
    for (const key in value) {
      const before = value[key]
      const field = plan.fields.get(key)
      if (field === undefined || field.index <= last) return this.#rebuild(plan, value, index, depth)
      this.#path[depth] = key
      const decoded = this.#decodeField(plan, field, before, depth + 1)
      if (decoded !== before) return this.#rebuild(plan, value, index, depth, { decoded })
      last = field.index
      if (field.isAlwaysWritten) alwaysCount++
      index++
    }
    const isComplete = alwaysCount === plan.alwaysCount || !plan.isTyped
    return isComplete ? value : this.#rebuild(plan, value, index, depth)
  }

  /**
   * Makes the canonical object. Members before `start` are known to be canonical; the one at `start` may have been decoded
   * already (doing it again would double the work at every level).
   */
  #rebuild(
    plan: ObjectPlan,
    value: JsonRecord,
    start: number,
    depth: number,
    first?: { readonly decoded: unknown },
  ): JsonRecord {
    // oxlint-disable-next-line unicorn/no-new-array -- a number, and it must be fast: it is filled out of order
    const members = new Array<unknown>(plan.list.length)
    let unknown: string[] | undefined
    let index = -1
    this.#owners[depth] = plan
    for (const key in value) {
      index++
      const field = plan.fields.get(key)
      this.#path[depth] = key
      if (field === undefined) {
        if (value[key] === undefined) continue
        if (plan.schema.preserveUnknownFields) (unknown ??= []).push(key)
        else this.#reportUnknown(key, depth)
      } else if (index < start) members[field.index] = value[key]
      else if (index === start && first) members[field.index] = first.decoded
      else members[field.index] = this.#decodeField(plan, field, value[key], depth + 1)
    }
    const result: JsonRecord = {}
    for (const field of plan.list) {
      let member = members[field.index]
      if (member === undefined && plan.isTyped && field.isAlwaysWritten) member = absentValue(field)
      if (member !== undefined) result[field.name] = member
    }
    for (const key of unknown ?? []) setMember(result, key, value[key])
    return result
  }

  #decodeField(plan: ObjectPlan, field: FieldPlan, value: unknown, depth: number): unknown {
    if (value === undefined) return undefined
    const fieldPlan = field.ref.get()
    if (value === null) {
      if (!plan.isTyped) return fieldPlan.schema.nullable ? null : undefined
      return field.isAlwaysWritten ? absentValue(field) : undefined
    }
    // What most values are needs no look at its kind.
    const isText = typeof value === "string" && fieldPlan.kind === "scalar" && fieldPlan.scalar === "string"
    const result = isText ? value : this.decode(fieldPlan, value, depth)
    if (plan.isTyped && field.presence === "implicit" && isZero(result)) return undefined
    if (!plan.isTyped) return result
    if (result === null && !field.isAlwaysWritten) return undefined
    return this.#forgetsEmptyLists && field.presence === "always" && isEmptyList(result) ? null : result
  }

  #decodeList(plan: ListPlan, value: unknown[], depth: number): unknown[] {
    const element = plan.element.get()
    let copy: unknown[] | undefined
    this.#owners[depth] = undefined
    for (let index = 0; index < value.length; index++) {
      const before = value[index]
      this.#path[depth] = index
      const after = this.#decodeElement(element, before, depth + 1)
      if (after === before) continue
      copy ??= value.slice()
      copy[index] = after
    }
    return copy ?? value
  }

  #decodeMap(plan: MapPlan, value: JsonRecord, depth: number): JsonRecord {
    const valuePlan = plan.value.get()
    const keys = Object.keys(value)
    let changed = false
    this.#owners[depth] = undefined
    const members: unknown[] = []
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!
      const before = value[key]
      this.#path[depth] = key
      members[index] = this.#decodeEntry(valuePlan, before, depth + 1)
      changed ||= members[index] !== before || before === undefined || (index > 0 && keys[index - 1]! > key)
    }
    if (!changed) return value
    const result: JsonRecord = {}
    const order = keys.map((_, index) => index).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
    for (const index of order) {
      if (members[index] !== undefined) setMember(result, keys[index]!, members[index])
    }
    return result
  }

  #decodeEntry(plan: Plan, value: unknown, depth: number): unknown {
    if (value === undefined) return undefined
    if (value === null && !plan.isTyped && !plan.schema.nullable) return undefined
    return this.#decodeElement(plan, value, depth)
  }

  #decodeElement(plan: Plan, value: unknown, depth: number): unknown {
    if (value === null || value === undefined) return plan.isTyped ? zeroOf(plan) : null
    return this.decode(plan, value, depth)
  }

  #reportUnknown(key: string, depth: number): void {
    const errors = this.#strictErrors
    if (!errors || errors.length >= maxStrictErrors) return
    let path = ""
    for (let index = 0; index < depth; index++) {
      const step = this.#path[index]!
      path += typeof step === "number" ? `[${step}]` : path === "" ? step : `.${step}`
    }
    const message = `unknown field ${quote(path === "" ? key : `${path}.${key}`)}`
    if (!errors.includes(message)) errors.push(message)
  }

  #mismatch(plan: Plan, value: unknown, depth: number): unknown {
    if (!plan.isTyped) return value
    throw this.wrongType(plan, value, depth)
  }

  #failScalar(fault: ScalarFault, plan: Plan, value: unknown, depth: number): never {
    if (fault.message !== undefined) throw new DecodeError(fault.message, fault.converting)
    throw this.wrongType(plan, value, depth, fault)
  }

  wrongType(plan: Plan, value: unknown, depth: number, fault: ScalarFault = {}): DecodeError {
    const found = `json: cannot unmarshal ${fault.found ?? jsonKind(plan, value)} into Go`
    const type = fault.goType ?? goType(plan)
    const converting =
      fault.found === undefined ? converterFault(plan, value) : `${found} value of type ${type}`
    const fields: string[] = []
    let owner: ObjectPlan | undefined
    for (let index = 0; index < depth; index++) {
      if (this.#owners[index] === undefined) continue
      owner = this.#owners[index]
      const name = String(this.#path[index])
      fields.push(...(owner!.fields.get(name)?.field.within ?? []), name)
    }
    if (!owner) return new DecodeError(`${found} value of type ${type}`, converting)
    const struct = goType(owner).replace(/^.*\./, "")
    const field = `${struct}.${fields.join(".")}`
    return new DecodeError(`${found} struct field ${field} of type ${type}`, converting)
  }
}

function isFault(result: unknown): result is ScalarFault {
  return typeof result === "object" && result !== null
}

function isZero(value: unknown): boolean {
  if (typeof value === "object" && value !== null) {
    if (Array.isArray(value)) return value.length === 0
    for (const key in value) if (Object.hasOwn(value, key)) return false
    return true
  }
  return value === "" || value === 0 || value === false || value === null
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
