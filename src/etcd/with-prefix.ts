import {
  type Compare,
  type KeyValue,
  type Operation,
  type OperationResult,
  prefixEnd,
  type RangeRequest,
  type RangeResponse,
  type Store,
  type StoreEvent,
  type TxnRequest,
  type TxnResponse,
  type Watch,
  type WatchBatch,
} from "./store.ts"

/**
 * The same store with keys that begin with `own` kept under `kept` instead, so that several users can share one. Other
 * keys stay what they are. A range must lie within the prefix or outside of it.
 */
export function withPrefix(store: Store, { own, kept }: { own: string; kept: string }): Store {
  if (own === kept) return store
  const names = new Names(own, kept)
  return {
    range: async (request) => names.response(await store.range(names.range(request))),
    txn: async (request) => names.outcome(await store.txn(names.transaction(request))),
    watch: (request) => renamedWatch(store.watch({ ...request, ...names.interval(request) }), names),
    compact: (revision) => store.compact(revision),
    currentRevision: () => store.currentRevision(),
    leases: {
      grant: (ttlSeconds, id) => store.leases.grant(ttlSeconds, id),
      revoke: (id) => store.leases.revoke(id),
      keepAlive: (id) => store.leases.keepAlive(id),
      timeToLive: async (id) => {
        const lease = await store.leases.timeToLive(id)
        return { ...lease, keys: lease.keys.map((key) => names.inward(key)) }
      },
      list: () => store.leases.list(),
    },
    close: () => store.close(),
  }
}

class Names {
  readonly #own: string
  readonly #kept: string

  constructor(own: string, kept: string) {
    this.#own = own
    this.#kept = kept
  }

  outward(key: string): string {
    return key.startsWith(this.#own) ? this.#kept + key.slice(this.#own.length) : key
  }

  inward(key: string): string {
    return key.startsWith(this.#kept) ? this.#own + key.slice(this.#kept.length) : key
  }

  interval({ key, rangeEnd }: { key: string; rangeEnd?: string }): { key: string; rangeEnd?: string } {
    if (!rangeEnd) return { key: this.outward(key) }
    if (!key.startsWith(this.#own)) return { key, rangeEnd }
    // The end of the whole prefix does not start with it.
    const end = rangeEnd.startsWith(this.#own) ? this.outward(rangeEnd) : prefixEnd(this.#kept)
    return { key: this.outward(key), rangeEnd: end }
  }

  range(request: RangeRequest): RangeRequest {
    return { ...request, ...this.interval(request) }
  }

  response(response: RangeResponse): RangeResponse {
    return { ...response, kvs: response.kvs.map((kv) => this.keyValue(kv)) }
  }

  transaction({ compare = [], success = [], failure = [] }: TxnRequest): TxnRequest {
    return {
      compare: compare.map((each): Compare => ({ ...each, ...this.interval(each) })),
      success: success.map((each) => this.#operation(each)),
      failure: failure.map((each) => this.#operation(each)),
    }
  }

  outcome(response: TxnResponse): TxnResponse {
    return { ...response, results: response.results.map((result) => this.#result(result)) }
  }

  #result(result: OperationResult): OperationResult {
    if (result.op === "txn") return { op: "txn", ...this.outcome(result) }
    if (result.op === "range") return { op: "range", ...this.response(result) }
    if (result.op === "delete")
      return { op: "delete", deleted: result.deleted.map((kv) => this.keyValue(kv)) }
    return result.previous ? { op: "put", previous: this.keyValue(result.previous) } : result
  }

  event({ type, kv, previous }: StoreEvent): StoreEvent {
    return { type, kv: this.keyValue(kv), ...(previous && { previous: this.keyValue(previous) }) }
  }

  keyValue(kv: KeyValue): KeyValue {
    return { ...kv, key: this.inward(kv.key) }
  }

  #operation(operation: Operation): Operation {
    if (operation.op === "txn") return { op: "txn", ...this.transaction(operation) }
    return operation.op === "put"
      ? { ...operation, key: this.outward(operation.key) }
      : { ...operation, ...this.interval(operation) }
  }
}

function renamedWatch(watch: Watch, names: Names): Watch {
  return {
    started: watch.started,
    requestProgress: () => watch.requestProgress(),
    close: () => watch.close(),
    [Symbol.asyncIterator]() {
      const batches = watch[Symbol.asyncIterator]()
      return {
        async next(): Promise<IteratorResult<WatchBatch, undefined>> {
          const { done, value } = await batches.next()
          if (done) return { done, value: undefined }
          return { done: false, value: { ...value, events: value.events.map((event) => names.event(event)) } }
        },
        async return(): Promise<IteratorResult<WatchBatch, undefined>> {
          watch.close()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
