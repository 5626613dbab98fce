import { jsonEqual } from "../json-equal.ts"
import { isRecord } from "../schema-plan.ts"
import { itemsOf, type JsonSchema, memberOf } from "./json-schema.ts"
import { elementKey } from "./element-key.ts"

/**
 * A value beside the one it replaces. What did not change in an update is not held against it, though a schema that became
 * stricter since would refuse it (https://kep.k8s.io/4008). Members go by name, elements of a list map by their keys;
 * elements of other lists have no former value.
 */
export class Correlation {
  readonly #value: unknown
  readonly #old: unknown
  readonly #schema: JsonSchema
  #oldElements: Map<string, unknown> | undefined

  constructor(value: unknown, old: unknown, schema: JsonSchema) {
    this.#value = value
    this.#old = old
    this.#schema = schema
  }

  member(name: string): Correlation | undefined {
    if (!isRecord(this.#value) || !isRecord(this.#old) || !Object.hasOwn(this.#old, name)) return undefined
    const schema = memberOf(this.#schema, name)
    return schema && new Correlation(this.#value[name], this.#old[name], schema)
  }

  element(index: number): Correlation | undefined {
    const items = itemsOf(this.#schema)
    if (!items || !this.#isListMap() || !Array.isArray(this.#value) || !Array.isArray(this.#old)) {
      return undefined
    }
    this.#oldElements ??= new Map(this.#old.map((each) => [elementKey(this.#schema, each), each]))
    const old = this.#oldElements.get(elementKey(this.#schema, this.#value[index]))
    return old === undefined ? undefined : new Correlation(this.#value[index], old, items)
  }

  /** The order of a list map does not matter; members that the schema does not know count as changed, as upstream. */
  isUnchanged(): boolean {
    const [value, old] = [this.#value, this.#old]
    if (Array.isArray(value) && Array.isArray(old)) {
      if (!this.#isListMap()) return jsonEqual(value, old)
      return value.length === old.length && value.every((_, index) => this.element(index)?.isUnchanged())
    }
    if (!isRecord(value) || !isRecord(old)) return jsonEqual(value, old)
    const names = Object.keys(value)
    const isSameSize = names.length === Object.keys(old).length
    return isSameSize && names.every((name) => this.member(name)?.isUnchanged())
  }

  #isListMap(): boolean {
    return this.#schema["x-kubernetes-list-type"] === "map"
  }
}
