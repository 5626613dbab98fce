/**
 * A checksum of everything a store holds from its oldest readable revision up to a given one, as etcd's HashKV: two
 * stores with the same content and history have the same.
 */
import type { KeyValue } from "../store.ts"
import type { State } from "./state.ts"

export interface StateHash {
  readonly hash: number
  readonly revision: number
  readonly compactRevision: number
}

/** @param revision up to which; it must be readable. @default the newest */
export function hashState(state: State, revision = state.revision): StateHash {
  const { compactRevision } = state
  const hash = new Checksum()
  hash.number(compactRevision)
  state.scan("", "\u0100", compactRevision || 1, (kv) => {
    hash.keyValue(kv)
    return true
  })
  // What happened in the compacted revision itself may or may not have been kept: the scan has told its outcome.
  state.events((compactRevision || 1) + 1, revision, (events) => {
    for (const { type, kv } of events) {
      hash.number(type === "put" ? 1 : 0)
      hash.keyValue(kv)
    }
    return true
  })
  return { hash: hash.value, revision, compactRevision }
}

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): portable and good enough to notice a difference. */
class Checksum {
  #hash = 0x811c9dc5

  get value(): number {
    return this.#hash >>> 0
  }

  byte(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value & 0xff), 0x01000193)
  }

  number(value: number): void {
    let rest = value
    for (let count = 0; count < 7; count++) {
      this.byte(rest % 256)
      rest = Math.floor(rest / 256)
    }
  }

  keyValue(kv: KeyValue): void {
    this.number(kv.key.length)
    for (let index = 0; index < kv.key.length; index++) this.byte(kv.key.charCodeAt(index))
    this.number(kv.createRevision)
    this.number(kv.modRevision)
    this.number(kv.version)
    this.number(Number(BigInt.asUintN(53, kv.lease)))
    this.number(kv.value.length)
    for (const byte of kv.value) this.byte(byte)
  }
}
