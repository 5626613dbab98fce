import type { StoredObject } from "./stored-object.ts"

/** A change of one object as the store told it; shared by all who watch. */
export class CacheEvent {
  readonly revision: number
  /** The new state; undefined when the object was deleted. */
  readonly current: StoredObject | undefined
  readonly previous: StoredObject | undefined
  #lastState: StoredObject | undefined = undefined

  constructor(revision: number, current: StoredObject | undefined, previous: StoredObject | undefined) {
    this.revision = revision
    this.current = current
    this.previous = previous
  }

  get key(): string {
    return (this.current ?? this.previous)!.key
  }

  /** The state before the change at the revision of the change: what a watcher is told that sees the object go. */
  get lastState(): StoredObject {
    return (this.#lastState ??= this.previous!.at(this.revision))
  }
}
