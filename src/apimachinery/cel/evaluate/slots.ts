import type { CelType } from "../types/cel-type.ts"
import { adapt } from "../values/adapt.ts"
import { CelError, type CelResult } from "../values/value.ts"
import type { Frame, Step } from "./frame.ts"

/** Where each variable is kept while an expression is evaluated. */
export class Slots {
  readonly #variables: Readonly<Record<string, CelType>>
  readonly #scopes: Map<string, number>[] = [new Map()]
  readonly #lazy = new Map<number, Step>()
  #count = 0

  constructor(variables: Readonly<Record<string, CelType>>) {
    this.#variables = variables
  }

  get count(): number {
    return this.#count
  }

  /** Makes names known until `leave`; the result are their slots. */
  enter(...names: string[]): number[] {
    const slots = names.map(() => this.#count++)
    this.#scopes.push(new Map(names.map((name, index) => [name, slots[index] ?? 0])))
    return slots
  }

  /** The same for one name, whose value `initial` gives when it is read. The slot must be empty before. */
  enterLazy(name: string, initial: Step): number {
    const [slot] = this.enter(name) as [number]
    this.#lazy.set(slot, initial)
    return slot
  }

  leave(): void {
    this.#scopes.pop()
  }

  reader(name: string): (frame: Frame) => CelResult {
    for (let index = this.#scopes.length - 1; index > 0; index--) {
      const slot = this.#scopes[index]?.get(name)
      if (slot !== undefined) return this.#localReader(slot)
    }
    return this.#globalReader(name)
  }

  #localReader(slot: number): (frame: Frame) => CelResult {
    const initial = this.#lazy.get(slot)
    if (!initial) return (frame) => frame.slots[slot] as CelResult
    return (frame) => {
      const known = frame.slots[slot]
      return known === undefined ? (frame.slots[slot] = initial(frame)) : known
    }
  }

  // What was bound is looked at when it is first read.
  #globalReader(name: string): (frame: Frame) => CelResult {
    const globals = this.#scopes[0] as Map<string, number>
    const slot = globals.get(name) ?? this.#count++
    globals.set(name, slot)
    const type = this.#variables[name]
    return (frame) => {
      const known = frame.slots[slot]
      if (known !== undefined) return known
      const bound = frame.bindings[name]
      if (bound === undefined || !type) return new CelError(`no such attribute(s): ${name}`)
      return (frame.slots[slot] = adapt(bound, type))
    }
  }
}
