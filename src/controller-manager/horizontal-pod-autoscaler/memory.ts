import type { Selector } from "../../apimachinery/labels.ts"
import { type Change, type History, longestWindowMs } from "./limit-replicas.ts"

interface Remembered extends History {
  readonly selector?: Selector
}

const nothing: Remembered = { proposals: [], added: [], removed: [] }

/** What the controller knows of its autoscalers beside the API; a new one begins with nothing, as upstream's does. */
export class Memory {
  readonly #byKey = new Map<string, Remembered>()

  historyOf(key: string): History {
    return this.#byKey.get(key) ?? nothing
  }

  forget(key: string): void {
    this.#byKey.delete(key)
  }

  /** The first look counts as a proposal: an autoscaler that is new takes nothing away at once. */
  begin(key: string, replicas: number, atMs: number): void {
    if (!this.#byKey.has(key)) this.#byKey.set(key, { ...nothing, proposals: [{ replicas, atMs }] })
  }

  proposed(key: string, replicas: number, atMs: number): void {
    const known = this.#byKey.get(key) ?? nothing
    this.#byKey.set(key, { ...known, proposals: appended(known.proposals, { replicas, atMs }) })
  }

  scaled(key: string, from: number, to: number, atMs: number): void {
    const known = this.#byKey.get(key) ?? nothing
    const change = { replicas: Math.abs(to - from), atMs }
    if (to > from) this.#byKey.set(key, { ...known, added: appended(known.added, change) })
    else this.#byKey.set(key, { ...known, removed: appended(known.removed, change) })
  }

  selects(key: string, selector: Selector): void {
    this.#byKey.set(key, { ...(this.#byKey.get(key) ?? nothing), selector })
  }

  /** Which autoscalers select by what, with the namespace in their key. */
  *selectors(): Iterable<readonly [key: string, selector: Selector]> {
    for (const [key, { selector }] of this.#byKey) if (selector) yield [key, selector]
  }
}

function appended(changes: readonly Change[], change: Change): readonly Change[] {
  return [...changes.filter(({ atMs }) => atMs >= change.atMs - longestWindowMs), change]
}
