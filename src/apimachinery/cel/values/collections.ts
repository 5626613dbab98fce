import { unescapeFieldName } from "../field-names.ts"
import { mapKey } from "./map-key.ts"
import type { CelList, CelMap, CelResult, CelValue } from "./value.ts"

/** A list that was computed. */
export class ValueList implements CelList {
  readonly kind = "list"
  readonly elements: readonly CelValue[]

  constructor(elements: readonly CelValue[]) {
    this.elements = elements
  }

  get size(): number {
    return this.elements.length
  }

  at(index: number): CelResult {
    return this.elements[index] as CelValue
  }
}

/**
 * A list that is being made by a fold. Each step adds at the end, so the steps share one array and each sees its own
 * length; adding to one that is not the longest copies.
 */
export class GrowingList implements CelList {
  readonly kind = "list"
  readonly size: number
  readonly #shared: CelValue[]

  constructor(shared: CelValue[], size: number) {
    this.#shared = shared
    this.size = size
  }

  at(index: number): CelResult {
    return this.#shared[index] as CelValue
  }

  append(list: CelList): GrowingList {
    const shared = this.size === this.#shared.length ? this.#shared : this.#shared.slice(0, this.size)
    for (let index = 0; index < list.size; index++) shared.push(list.at(index) as CelValue)
    return new GrowingList(shared, shared.length)
  }
}

/** A map that was computed. Numbers that are equal are the same key, whatever their types. */
export class ValueMap implements CelMap {
  readonly kind = "map"
  readonly #entries: ReadonlyMap<unknown, readonly [CelValue, CelValue]>

  constructor(entries: ReadonlyMap<unknown, readonly [CelValue, CelValue]>) {
    this.#entries = entries
  }

  static of(entries: Iterable<readonly [CelValue, CelValue]>): ValueMap {
    return new ValueMap(new Map([...entries].map((entry) => [mapKey(entry[0]), entry])))
  }

  get size(): number {
    return this.#entries.size
  }

  find(key: CelValue): CelResult | undefined {
    return this.#entries.get(mapKey(key))?.[1]
  }

  *entryKeys(): Iterable<CelValue> {
    for (const [key] of this.#entries.values()) yield key
  }
}

/** An object that an expression constructed: `Object{spec: ...}`. */
export class ValueObject implements CelMap {
  readonly kind = "map"
  readonly type: NonNullable<CelMap["type"]>
  readonly fields: ReadonlyMap<string, CelValue>

  constructor(type: NonNullable<CelMap["type"]>, fields: ReadonlyMap<string, CelValue>) {
    this.type = type
    this.fields = fields
  }

  get size(): number {
    return this.fields.size
  }

  find(key: CelValue): CelResult | undefined {
    return typeof key === "string" ? this.fields.get(key) : undefined
  }

  entryKeys(): Iterable<CelValue> {
    return this.fields.keys()
  }

  /** How a field is called in JSON. */
  jsonName(field: string): string | undefined {
    return unescapeFieldName(field)
  }
}

export function* elementsOf(list: CelList): Iterable<CelResult> {
  for (let index = 0; index < list.size; index++) yield list.at(index)
}
