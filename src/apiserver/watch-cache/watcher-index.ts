import type { CacheEvent } from "./cache-event.ts"
import { nameOfKey, namespaceOfKey, type StoredObject } from "./stored-object.ts"
import type { Watcher } from "./watcher.ts"

/**
 * Who is to be told of a change. A thousand kubelets each watch the pods of their own node: a pod's change is offered to
 * one of them, not to a thousand. Watchers are kept under the narrowest thing that is known of them.
 */
export class WatcherIndex {
  /** How often an event was offered to a watcher. */
  offered = 0
  readonly #groups = new Map<string, Set<Watcher>>()
  readonly #indexedValue: ((stored: StoredObject) => string) | undefined

  /** @param indexedValue the field that watchers may name in `scope.indexedValue` */
  constructor(indexedValue?: (stored: StoredObject) => string) {
    this.#indexedValue = indexedValue
  }

  add(watcher: Watcher): void {
    const group = groupOf(watcher)
    const members = this.#groups.get(group)
    if (members) members.add(watcher)
    else this.#groups.set(group, new Set([watcher]))
  }

  remove(watcher: Watcher): void {
    const group = groupOf(watcher)
    const members = this.#groups.get(group)
    members?.delete(watcher)
    if (members?.size === 0) this.#groups.delete(group)
  }

  /** Who is told of every change within a namespace, or of this one object; who watches by value is not counted. */
  count(namespace: string, name: string): number {
    const inGroup = (group: string) => this.#groups.get(group)?.size ?? 0
    return (
      inGroup("all") +
      (namespace === "" ? 0 : inGroup(`namespace ${namespace}`)) +
      (name === "" ? 0 : inGroup(`name ${name}`))
    )
  }

  offer(event: CacheEvent): void {
    if (this.#groups.size === 0) return
    const { key } = event
    this.#offerTo("all", event)
    this.#offerTo(`namespace ${namespaceOfKey(key)}`, event)
    this.#offerTo(`name ${nameOfKey(key)}`, event)
    if (this.#indexedValue === undefined) return
    const is = event.current && this.#indexedValue(event.current)
    const was = event.previous && this.#indexedValue(event.previous)
    if (is !== undefined) this.#offerTo(`value ${is}`, event)
    if (was !== undefined && was !== is) this.#offerTo(`value ${was}`, event)
  }

  *[Symbol.iterator](): Iterator<Watcher> {
    for (const members of this.#groups.values()) yield* members
  }

  #offerTo(group: string, event: CacheEvent): void {
    const members = this.#groups.get(group)
    if (!members) return
    this.offered += members.size
    for (const watcher of members) watcher.offer(event)
  }
}

function groupOf({ scope }: Watcher): string {
  if (scope.indexedValue !== undefined) return `value ${scope.indexedValue}`
  if (scope.name !== undefined) return `name ${scope.name}`
  return scope.namespace === undefined ? "all" : `namespace ${scope.namespace}`
}
