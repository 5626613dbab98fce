import { compareStrings, type SortedMap, sortedMap } from "../../base/sorted-map.ts"
import type { KeyValue, StoreEvent } from "../store.ts"

/**
 * Every key's versions, newest first, as a linked list that is never changed in place: an old version stays readable, and
 * a copy of the whole index costs nothing until one of the two is written to.
 */
interface Version {
  readonly event: StoreEvent
  readonly older: Version | undefined
}

export class KeyIndex {
  readonly #keys: SortedMap<string, Version>
  #sizeBytes = 0

  constructor(copied?: KeyIndex) {
    this.#keys = copied ? copied.#keys.clone() : sortedMap(compareStrings)
    this.#sizeBytes = copied ? copied.#sizeBytes : 0
  }

  /** What all versions together hold, with an estimate of what a version costs beside its value. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Keys held, deleted ones that are not pruned yet included. */
  get size(): number {
    return this.#keys.size
  }

  /** The key's state as of `revision`: undefined where it did not exist. */
  findAt(key: string, revision: number): KeyValue | undefined {
    return valueAt(this.#keys.get(key), revision)
  }

  /** Calls `visit` in order of keys in [low, high) with what existed as of `revision`; stops when it returns false. */
  scan(low: string, high: string, revision: number, visit: (kv: KeyValue) => boolean): void {
    this.#keys.forRange(low, high, false, (_key, version) => {
      const kv = valueAt(version, revision)
      return (kv === undefined || visit(kv) ? undefined : stop) as void
    })
  }

  /** Adds a key's newest version. */
  record(event: StoreEvent): void {
    const older = this.#keys.get(event.kv.key)
    this.#sizeBytes += sizeOf(event)
    this.#keys.set(event.kv.key, { event, older })
  }

  /** Forgets the versions that no read as of `revision` or later can see. */
  prune(key: string, revision: number): void {
    const newest = this.#keys.get(key)
    if (newest === undefined) return
    const kept: StoreEvent[] = []
    let version: Version | undefined = newest
    while (version !== undefined && version.event.kv.modRevision > revision) {
      kept.push(version.event)
      version = version.older
    }
    for (let dropped = version?.older; dropped !== undefined; dropped = dropped.older)
      this.#sizeBytes -= sizeOf(dropped.event)
    // `version` is what a read at `revision` sees: needed if it is a value, and nothing below it is.
    if (version?.event.type === "put") {
      if (version.older === undefined) return
      kept.push(version.event)
    } else if (version === undefined) return
    else this.#sizeBytes -= sizeOf(version.event)
    this.#replace(key, kept)
  }

  clone(): KeyIndex {
    return new KeyIndex(this)
  }

  #replace(key: string, eventsNewestFirst: readonly StoreEvent[]): void {
    let version: Version | undefined
    for (let index = eventsNewestFirst.length - 1; index >= 0; index--)
      version = { event: eventsNewestFirst[index]!, older: version }
    if (version === undefined) this.#keys.delete(key)
    else this.#keys.set(key, version)
  }
}

const versionBytes = 200

function sizeOf({ kv }: StoreEvent): number {
  return versionBytes + kv.key.length + kv.value.length
}

const stop = { break: 0 }

function valueAt(newest: Version | undefined, revision: number): KeyValue | undefined {
  let version = newest
  while (version !== undefined && version.event.kv.modRevision > revision) version = version.older
  return version?.event.type === "put" ? version.event.kv : undefined
}
