/**
 * Linearizability: every operation seems to have happened at one moment between its start and its end. Given what
 * concurrent clients asked and were told, the checker looks for such an order, key by key (a history is linearizable if
 * that of each key is). The search is Wing and Gong's with Lowe's memory of what has been tried
 * (https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/paper.pdf): take any operation that started before
 * everything still open had ended, apply it, go on; go back if the answers do not fit.
 */

/** What one client did with one key, and what it was told. */
export interface Operation {
  readonly key: string
  readonly client: number
  readonly startMs: number
  /** Infinity: it was never answered, and may have happened at any time after its start, or not at all. */
  readonly endMs: number
  readonly action: Action
}

export type Action =
  | { readonly type: "read"; readonly found: string | undefined }
  | { readonly type: "write"; readonly value: string }
  /** `succeeded` undefined: not known. */
  | {
      readonly type: "swap"
      readonly from: string | undefined
      readonly to: string
      readonly succeeded: boolean | undefined
    }

export type Verdict =
  | { readonly linearizable: true }
  /** `longest`: the longest order that fits; `next`: what was open when none of it fit any more. */
  | {
      readonly linearizable: false
      readonly key: string
      readonly longest: readonly Operation[]
      readonly next: readonly Operation[]
    }

export function checkHistory(history: readonly Operation[]): Verdict {
  const byKey = new Map<string, Operation[]>()
  for (const operation of history) byKey.set(operation.key, [...(byKey.get(operation.key) ?? []), operation])
  for (const [key, operations] of byKey) {
    const failure = new Search(operations).run()
    if (failure !== undefined) return { linearizable: false, key, ...failure }
  }
  return { linearizable: true }
}

type Content = string | undefined

interface Step {
  readonly operation: number
  readonly before: Content
  /** Operations that could be taken at this point; those up to `tried` have been. */
  readonly candidates: readonly number[]
  tried: number
}

class Search {
  readonly #operations: readonly Operation[]
  /** One bit for each operation taken. */
  #taken = 0n
  #content: Content = undefined
  readonly #seen = new Set<string>()
  readonly #path: Step[] = []
  #longest: readonly Operation[] = []
  #next: readonly Operation[] = []

  constructor(operations: readonly Operation[]) {
    this.#operations = operations.toSorted((a, b) => a.startMs - b.startMs)
  }

  /** Undefined if there is an order; otherwise how far one got. */
  run(): { longest: readonly Operation[]; next: readonly Operation[] } | undefined {
    let candidates = this.#candidates()
    let from = 0
    for (;;) {
      if (this.#isComplete()) return undefined
      if (this.#take(candidates, from)) {
        candidates = this.#candidates()
        from = 0
        continue
      }
      this.#noteFailure(candidates)
      const step = this.#path.pop()
      if (step === undefined) return { longest: this.#longest, next: this.#next }
      this.#taken &= ~(1n << BigInt(step.operation))
      this.#content = step.before
      candidates = step.candidates
      from = step.tried
    }
  }

  #take(candidates: readonly number[], from: number): boolean {
    for (let tried = from; tried < candidates.length; tried++) {
      const operation = candidates[tried]!
      const outcome = apply(this.#content, this.#operations[operation]!.action)
      if (outcome === "impossible") continue
      const taken = this.#taken | (1n << BigInt(operation))
      const position = `${taken.toString(36)}/${outcome.content ?? ""}/${outcome.content === undefined}`
      if (this.#seen.has(position)) continue
      this.#seen.add(position)
      this.#path.push({ operation, before: this.#content, candidates, tried: tried + 1 })
      this.#taken = taken
      this.#content = outcome.content
      return true
    }
    return false
  }

  /** What may come next: nothing that started after something still open had ended. */
  #candidates(): readonly number[] {
    const candidates: number[] = []
    let firstEnd = Number.POSITIVE_INFINITY
    for (const [index, { startMs, endMs }] of this.#operations.entries()) {
      if (startMs > firstEnd) break
      if (this.#isTaken(index)) continue
      candidates.push(index)
      firstEnd = Math.min(firstEnd, endMs)
    }
    return candidates.filter((index) => this.#operations[index]!.startMs <= firstEnd)
  }

  /** What was never answered need not have happened. */
  #isComplete(): boolean {
    return this.#operations.every(
      ({ endMs }, index) => endMs === Number.POSITIVE_INFINITY || this.#isTaken(index),
    )
  }

  #isTaken(index: number): boolean {
    return (this.#taken >> BigInt(index)) % 2n === 1n
  }

  #noteFailure(candidates: readonly number[]): void {
    if (this.#path.length < this.#longest.length || (this.#path.length === 0 && this.#next.length > 0)) return
    this.#longest = this.#path.map(({ operation }) => this.#operations[operation]!)
    this.#next = candidates.map((index) => this.#operations[index]!)
  }
}

/** The content after the action, or that the action cannot have been answered so. */
function apply(content: Content, action: Action): { readonly content: Content } | "impossible" {
  switch (action.type) {
    case "read":
      return action.found === content ? { content } : "impossible"
    case "write":
      return { content: action.value }
    default: {
      const matches = content === action.from
      if (action.succeeded !== undefined && action.succeeded !== matches) return "impossible"
      return { content: matches ? action.to : content }
    }
  }
}
