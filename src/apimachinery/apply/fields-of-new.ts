import { isRecord, type JsonRecord, type ListPlan, type Plan } from "../schema-plan.ts"
import { compare, groupElements, isOpaque, memberPlan } from "./compare.ts"
import { emptySet, type FieldSet, makeNode } from "./field-set.ts"
import { fieldElement, type PathElement } from "./path-element.ts"

/**
 * The fields that a new object sets: what `compare` finds between Go's zero of the kind and the object.
 *
 * Objects of one origin have the same fields. So every set that was made is kept with what it was made of, and given again:
 * a thousand pods of one ReplicaSet share one set, which has been sorted, found canonical and frozen once.
 *
 * @param zero what Go writes for a value that was never set; undefined: none
 */
export function fieldsOfNew(plan: Plan, zero: unknown, value: unknown): FieldSet | undefined {
  return readerOf(plan).read(zero, value)
}

const readers = new WeakMap<Plan, Reader>()

function readerOf(plan: Plan): Reader {
  let reader = readers.get(plan)
  if (!reader) readers.set(plan, (reader = new Reader(plan)))
  return reader
}

/** Reads the fields of all values of one plan, and remembers the latest shapes they had. */
class Reader {
  readonly #plan: Plan
  readonly #shapes = new Recent<Shape>(8)

  constructor(plan: Plan) {
    this.#plan = plan
  }

  read(zero: unknown, value: unknown): FieldSet | undefined {
    if (zero === value) return undefined
    switch (this.#plan.kind) {
      case "object":
      case "map":
        if (this.#plan.isAtomic) break
        return this.#readMembers(zero, value)
      case "list":
        if (this.#plan.isAtomic) break
        return this.#readElements(this.#plan, zero, value)
      case "any":
        if (isOpaque(this.#plan) || !isRecord(value)) break
        return this.#readMembers(zero, value)
    }
    return this.#readWhole(zero, value)
  }

  /** A value without parts is one field, if it differs from what would be there anyway. */
  #readWhole(zero: unknown, value: unknown): FieldSet | undefined {
    return zero === undefined ? emptySet : compare(this.#plan, zero, value)?.set
  }

  #readMembers(zero: unknown, value: unknown): FieldSet | undefined {
    const record = isRecord(value) ? value : {}
    const names = namesOf(record)
    if (names.length === 0) return this.#readWhole(zero, value)
    const before = isRecord(zero) ? zero : undefined
    const shape = this.#findShape(names) ?? this.#remember(names)
    const nodes: (FieldSet | undefined)[] = []
    for (let index = 0; index < names.length; index++) {
      const name = names[index]!
      nodes.push(shape.readers[index]!.read(before?.[name], record[name]))
    }
    return shape.join(nodes, zero === undefined)
  }

  #findShape(names: readonly string[]): Shape | undefined {
    for (const shape of this.#shapes.items) if (isSame(shape.names, names)) return shape
    return undefined
  }

  #remember(names: readonly string[]): Shape {
    const plan = this.#plan
    const [elements, members] =
      plan.kind === "list"
        ? [names, []]
        : [names.map(fieldElement), names.map((name) => memberPlan(plan, name))]
    const shape = new Shape(names, elements, members.map(readerOf))
    return isSmall(names) ? this.#shapes.add(shape) : shape
  }

  #readElements(plan: ListPlan, zero: unknown, value: unknown): FieldSet | undefined {
    const list: readonly unknown[] = Array.isArray(value) ? value : []
    if (list.length === 0) return this.#readWhole(zero, value)
    const groups = groupElements(plan, list)
    const keys = [...groups.keys()]
    const element = readerOf(plan.element.get())
    const shape = this.#findShape(keys) ?? this.#remember(keys)
    // Several elements with one key are one field together.
    const nodes = keys.map((key) => {
      const [first, ...others] = groups.get(key)!
      return others.length > 0 ? emptySet : element.read(undefined, first)
    })
    return shape.join(nodes, zero === undefined)
  }
}

/** Objects with the same members in the same order, and the sets that were made of them. */
class Shape {
  readonly names: readonly string[]
  readonly readers: readonly Reader[]
  readonly #elements: readonly PathElement[]
  readonly #made = new Recent<Made>(4)

  constructor(names: readonly string[], elements: readonly PathElement[], readers: readonly Reader[]) {
    this.names = names
    this.#elements = elements
    this.readers = readers
  }

  join(nodes: readonly (FieldSet | undefined)[], hasItself: boolean): FieldSet | undefined {
    for (const known of this.#made.items)
      if (known.hasItself === hasItself && isSame(known.nodes, nodes)) return known.node
    return this.#made.add({ nodes, hasItself, node: this.#make(nodes, hasItself) }).node
  }

  #make(nodes: readonly (FieldSet | undefined)[], hasItself: boolean): FieldSet | undefined {
    const children: Record<PathElement, FieldSet> = {}
    for (const [index, node] of nodes.entries()) if (node) children[this.#elements[index]!] = node
    return makeNode(children, hasItself)
  }
}

interface Made {
  readonly nodes: readonly (FieldSet | undefined)[]
  readonly hasItself: boolean
  readonly node: FieldSet | undefined
}

/** The latest few of something, in the place of which new ones come. */
class Recent<T> {
  readonly items: T[] = []
  readonly #limit: number
  #next = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(item: T): T {
    this.items[this.#next] = item
    this.#next = (this.#next + 1) % this.#limit
    return item
  }
}

/** So that nobody can make the server remember much: names of maps and keys of lists are their writers' own. */
function isSmall(names: readonly string[]): boolean {
  return names.length <= 200 && names.reduce((sum, { length }) => sum + length, 0) <= 10_000
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

function namesOf(record: JsonRecord): string[] {
  const names = Object.keys(record)
  for (const name of names)
    if (record[name] === undefined) return names.filter((each) => record[each] !== undefined)
  return names
}
