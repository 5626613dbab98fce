/**
 * etcd's model in the most naive way: a full copy of everything for every revision. It shares no code with the stores.
 */
import type { Compare, KeyValue, Operation, OperationResult, TxnRequest } from "../store.ts"

export type Content = ReadonlyMap<string, KeyValue>

export interface ModelEvent {
  readonly type: "put" | "delete"
  readonly kv: KeyValue
  readonly previous: KeyValue | undefined
}

export type ModelOutcome =
  | { readonly error: string }
  | { readonly succeeded: boolean; readonly revision: number; readonly results: readonly OperationResult[] }

export class Model {
  readonly base: number
  readonly leases = new Set<bigint>()
  readonly log: ModelEvent[][] = []
  compactRevision = 0
  readonly #contents: Content[] = [new Map()]

  /** @param base the store's revision when it held nothing of this model */
  constructor(base: number) {
    this.base = base
  }

  get revision(): number {
    return this.base + this.log.length
  }

  at(revision: number): Content {
    return this.#contents[revision - this.base]!
  }

  range(request: RangeLike, now: Content, revision: number): { error: string } | RangeOutcome {
    const wanted = request.revision || revision
    if (wanted > this.revision && request.revision) return { error: "FutureRevisionError" }
    if (wanted < this.compactRevision) return { error: "CompactedError" }
    const content = request.revision ? this.at(wanted) : now
    const all = [...content.values()].filter((kv) => inRange(kv.key, request)).sort(byKey)
    const kvs = request.countOnly ? [] : all.slice(0, request.limit || all.length)
    return {
      revision,
      kvs: request.keysOnly ? kvs.map((kv) => ({ ...kv, value: new Uint8Array(0) })) : kvs,
      more: !request.countOnly && kvs.length < all.length,
      count: all.length,
    }
  }

  txn(request: TxnRequest): ModelOutcome {
    const { compare = [], success = [], failure = [] } = request
    if (hasDuplicates(success) || hasDuplicates(failure)) return { error: "InvalidRequestError" }
    const before = this.at(this.revision)
    const succeeded = compare.every((each) => holds(before, each))
    const operations = succeeded ? success : failure
    for (const operation of operations)
      if (operation.op === "put" && operation.lease && !this.leases.has(operation.lease))
        return { error: "LeaseNotFoundError" }
    for (const operation of operations) {
      if (operation.op !== "range") continue
      const outcome = this.range(operation, before, this.revision)
      if ("error" in outcome) return outcome
    }
    const content = new Map(before)
    const events: ModelEvent[] = []
    const results = operations.map((operation) => this.#perform(operation, content, events))
    this.#commit(content, events)
    return { succeeded, revision: this.revision, results }
  }

  revoke(lease: bigint): void {
    this.leases.delete(lease)
    const content = new Map(this.at(this.revision))
    const events: ModelEvent[] = []
    for (const kv of [...content.values()].sort(byKey))
      if (kv.lease === lease) this.#delete(kv, content, events)
    this.#commit(content, events)
  }

  #commit(content: Content, events: ModelEvent[]): void {
    if (events.length === 0) return
    this.#contents.push(content)
    this.log.push(events)
  }

  #perform(operation: Operation, content: Map<string, KeyValue>, events: ModelEvent[]): OperationResult {
    const revision = this.revision + 1
    if (operation.op === "range") {
      const outcome = this.range(operation, content, events.length > 0 ? revision : this.revision)
      return { op: "range", ...(outcome as RangeOutcome) }
    }
    if (operation.op === "delete") {
      const deleted = [...content.values()].filter((kv) => inRange(kv.key, operation)).sort(byKey)
      for (const kv of deleted) this.#delete(kv, content, events)
      return { op: "delete", deleted }
    }
    if (operation.op === "txn") throw new Error("the model knows no transactions within")
    const { key, value, lease = 0n } = operation
    const previous = content.get(key)
    const kv = {
      key,
      value,
      createRevision: previous ? previous.createRevision : revision,
      modRevision: revision,
      version: previous ? previous.version + 1 : 1,
      lease,
    }
    content.set(key, kv)
    events.push({ type: "put", kv, previous })
    return previous ? { op: "put", previous } : { op: "put" }
  }

  #delete(previous: KeyValue, content: Map<string, KeyValue>, events: ModelEvent[]): void {
    content.delete(previous.key)
    const kv = { ...noKeyValue, key: previous.key, modRevision: this.revision + 1 }
    events.push({ type: "delete", kv, previous })
  }
}

interface RangeLike {
  readonly key: string
  readonly rangeEnd?: string
  readonly revision?: number
  readonly limit?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
}

interface RangeOutcome {
  readonly revision: number
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
  readonly count: number
}

export function inRange(key: string, range: { readonly key: string; readonly rangeEnd?: string }): boolean {
  if (range.rangeEnd === undefined) return key === range.key
  return key >= range.key && (range.rangeEnd === "\0" || key < range.rangeEnd)
}

const noKeyValue = { value: new Uint8Array(0), createRevision: 0, modRevision: 0, version: 0, lease: 0n }

function byKey(a: KeyValue, b: KeyValue): number {
  return a.key < b.key ? -1 : 1
}

function hasDuplicates(operations: readonly Operation[]): boolean {
  return operations.some(
    (operation, index) =>
      operation.op === "put" &&
      operations.some(
        (other, place) =>
          place !== index &&
          (other.op === "put"
            ? other.key === operation.key
            : other.op === "delete" && inRange(operation.key, other)),
      ),
  )
}

function holds(content: Content, compare: Compare): boolean {
  const kv = content.get(compare.key)
  if (kv === undefined && compare.target === "value") return false
  const actual = (kv ?? noKeyValue)[compare.target]
  const [a, b] = [sortable(actual), sortable(compare.to)]
  return { "=": a === b, "!=": a !== b, "<": a < b, ">": a > b }[compare.is]
}

function sortable(value: Uint8Array | number | bigint): string | number | bigint {
  return value instanceof Uint8Array ? String.fromCharCode(...value) : value
}
