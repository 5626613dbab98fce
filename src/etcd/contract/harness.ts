/**
 * What the contract suite needs of a backend. The suite makes no assumption about the store's first revision or about
 * keys it did not write, so that many tests can share one real etcd.
 */
import type { KeyValue, Operation, Store, StoreEvent } from "../store.ts"

export interface Harness {
  readonly store: Store
  /** Lets time pass, for leases: a simulated clock jumps, a real one waits. */
  advance(milliseconds: number): Promise<void>
  close(): Promise<void>
}

export type OpenHarness = () => Promise<Harness>

export interface ContractOptions {
  /** Random histories to try. @default 40 */
  readonly runs?: number
  /** Operations in each, at most. @default 60 */
  readonly operations?: number
}

export const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0))

export const put = (key: string, value = "", lease?: bigint): Operation =>
  lease === undefined
    ? { op: "put", key, value: bytes(value) }
    : { op: "put", key, value: bytes(value), lease }

export const remove = (key: string, rangeEnd?: string): Operation =>
  rangeEnd === undefined ? { op: "delete", key } : { op: "delete", key, rangeEnd }

/** A key that no other test uses. */
let prefixes = 0
export function freshPrefix(): string {
  return `contract-${++prefixes}/`
}

/** Values as text, for readable comparisons and failures. */
export function plain(kv: KeyValue | undefined): PlainKeyValue | undefined {
  return kv && { ...kv, value: String.fromCharCode(...kv.value) }
}

export type PlainKeyValue = Omit<KeyValue, "value"> & { readonly value: string }

export function plainEvent({ type, kv, previous }: StoreEvent): PlainEvent {
  return { type, kv: plain(kv)!, ...(previous && { previous: plain(previous)! }) }
}

export interface PlainEvent {
  readonly type: "put" | "delete"
  readonly kv: PlainKeyValue
  readonly previous?: PlainKeyValue
}
