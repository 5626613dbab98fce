import type { CacheEvent } from "./cache-event.ts"
import { nameOfKey, namespaceOfKey, type StoredObject } from "./stored-object.ts"

/** What a watcher wants to see. */
export interface WatchScope {
  /** @default all namespaces */
  readonly namespace?: string
  readonly name?: string
  /** The value of the resource's indexed field (a pod's spec.nodeName) that every object in scope has. */
  readonly indexedValue?: string
  /** Selectors; must be pure. */
  readonly matches?: (stored: StoredObject) => boolean
  /** A selector that can be judged only after the object has been converted; the reader of the changes does: `judgeLate`. */
  readonly matchesLate?: (stored: StoredObject) => boolean
}

export type WatchedChange =
  | {
      readonly type: "ADDED" | "MODIFIED" | "DELETED"
      readonly stored: StoredObject
      /** The state before; only where there is something to be judged late. */
      readonly previous?: StoredObject
    }
  /** Everything up to `revision` has been told; `initialEventsEnd`: and the initial state is complete. */
  | { readonly type: "BOOKMARK"; readonly revision: number; readonly initialEventsEnd: boolean }

// A watcher that has fallen this far behind is cut off; it comes back and goes on from its last version.
const maxWaiting = 10_000

/**
 * The queue between the cache and one consumer.
 *
 * Invariant: changes leave in order of revision, none is skipped, and after the end nothing more comes.
 */
export class Watcher {
  readonly scope: WatchScope
  readonly wantsBookmarks: boolean
  /** Only changes after this revision are told; the initial state may be newer than what comes next from the store. */
  #after: number
  #waiting: WatchedChange[] = []
  #wake: (() => void) | undefined = undefined
  #ended: "closed" | "tooSlow" | "reset" | undefined = undefined
  /** What it begins with does not make it slow: it has not been asked to take it yet. */
  #limit = maxWaiting
  readonly #onEnd: (() => void)[] = []

  constructor(scope: WatchScope, afterRevision: number, wantsBookmarks: boolean) {
    this.scope = scope
    this.#after = afterRevision
    this.wantsBookmarks = wantsBookmarks
  }

  /** Runs `callback` once when it ends, for whatever reason. */
  onEnd(callback: () => void): void {
    this.#onEnd.push(callback)
  }

  /** How many changes have not been taken yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Why no more comes; undefined while it is open. */
  get ended(): "closed" | "tooSlow" | "reset" | undefined {
    return this.#ended
  }

  /** Puts what the watcher begins with in front; before any change is offered. */
  start(changes: readonly WatchedChange[]): void {
    for (const change of changes) this.#waiting.push(change)
    this.#limit = maxWaiting + changes.length
    this.#wake?.()
  }

  offer(event: CacheEvent): void {
    if (this.#ended !== undefined || event.revision <= this.#after) return
    const change = project(event, this.scope)
    if (change === undefined) return
    if (this.#waiting.length >= this.#limit) return this.end("tooSlow")
    this.#waiting.push(change)
    this.#wake?.()
  }

  bookmark(revision: number): void {
    if (this.#ended !== undefined || revision <= this.#after) return
    this.#waiting.push({ type: "BOOKMARK", revision, initialEventsEnd: false })
    this.#after = revision
    this.#wake?.()
  }

  end(reason: "closed" | "tooSlow" | "reset"): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    // What the slow watcher has not taken yet must not hold memory: it will be told again.
    if (reason === "tooSlow") this.#waiting = []
    for (const callback of this.#onEnd) callback()
    this.#wake?.()
  }

  /** All that is waiting, as often as something is. Ends after `end`. For one consumer. */
  async *batches(): AsyncGenerator<readonly WatchedChange[], void, void> {
    try {
      for (;;) {
        if (this.#waiting.length > 0) {
          const batch = this.#waiting
          this.#waiting = []
          this.#limit = maxWaiting
          yield batch
        } else if (this.#ended !== undefined) return
        else await new Promise<void>((resolve) => (this.#wake = resolve))
        this.#wake = undefined
      }
    } finally {
      this.end("closed")
    }
  }
}

/** A change as one watcher sees it: selectors turn a change into an arrival or a departure, or into nothing. */
export function project(event: CacheEvent, scope: WatchScope): WatchedChange | undefined {
  if (!isInScope(event.key, scope)) return undefined
  const { current, previous } = event
  const is = current !== undefined && matches(current, scope)
  const was = previous !== undefined && matches(previous, scope)
  const before = scope.matchesLate && was && { previous }
  if (is) return { type: was ? "MODIFIED" : "ADDED", stored: current, ...before }
  if (was) return { type: "DELETED", stored: event.lastState, ...before }
  return undefined
}

/** What `project` could not know: the change by the selector that needed the states converted. They have been. */
export function judgeLate(change: WatchedChange, { matchesLate }: WatchScope): WatchedChange | undefined {
  if (!matchesLate || change.type === "BOOKMARK") return change
  const { type, stored, previous } = change
  const is = type !== "DELETED" && matchesLate(stored)
  const was = previous !== undefined && matchesLate(previous)
  if (is) return { type: was ? "MODIFIED" : "ADDED", stored }
  if (was) return { type: "DELETED", stored: type === "DELETED" ? stored : previous.at(stored.revision) }
  return undefined
}

export function isInScope(key: string, scope: WatchScope): boolean {
  if (scope.namespace !== undefined && namespaceOfKey(key) !== scope.namespace) return false
  return scope.name === undefined || nameOfKey(key) === scope.name
}

export function matches(stored: StoredObject, scope: WatchScope): boolean {
  return scope.matches === undefined || scope.matches(stored)
}
