import type { Logger } from "../../base/log.ts"
import type {
  KeyValue,
  Operation,
  OperationResult,
  Store,
  StoreEvent,
  TxnRequest,
  Watch,
  WatchBatch,
} from "../../etcd/store.ts"
import { decrypt, encrypt, type FindTransformers, type Transformers } from "./transformers.ts"

/** "/registry/secrets/default/a" belongs to { group: "", resource: "secrets" }. Undefined for keys of no resource. */
export type ResourceOfKey = (key: string) => { readonly group: string; readonly resource: string } | undefined

/**
 * A store that keeps values encrypted and hands them out as they were. Everything above it, memory included, sees plain
 * values; the disk, the network and the snapshots below it never do.
 */
export class EncryptingStore implements Store {
  readonly leases: Store["leases"]
  readonly #inner: Store
  readonly #resourceOf: ResourceOfKey
  readonly #log: Logger
  readonly #onClose: (() => void)[] = []
  #find: FindTransformers
  /** With which key the plain value was stored. */
  readonly #storedWith = new WeakMap<Uint8Array, string>()
  /** The plain value behind one that was written a moment ago: it comes back at once, and is known to whoever wrote it. */
  readonly #written = new WeakMap<Uint8Array, Uint8Array>()

  constructor(inner: Store, options: { find: FindTransformers; resourceOf: ResourceOfKey; log: Logger }) {
    this.#inner = inner
    this.leases = inner.leases
    this.#find = options.find
    this.#resourceOf = options.resourceOf
    this.#log = options.log
  }

  /** From now on these keys count: the first one for writing, all for reading. */
  use(find: FindTransformers): void {
    this.#find = find
  }

  /** Whether a value that was read would be stored differently today: it was written with another key, or with none. */
  isStale(key: string, value: Uint8Array): boolean {
    const transformers = this.#transformersFor(key)
    const wanted = transformers?.[0]
    return wanted !== undefined && (this.#storedWith.get(value) ?? "identity") !== wanted.id
  }

  async range(request: Parameters<Store["range"]>[0]): ReturnType<Store["range"]> {
    const response = await this.#inner.range(request)
    return { ...response, kvs: response.kvs.map((each) => this.#opened(each)) }
  }

  async txn(request: TxnRequest): ReturnType<Store["txn"]> {
    const response = await this.#inner.txn({
      ...request,
      ...(request.success && { success: request.success.map((each) => this.#sealed(each)) }),
      ...(request.failure && { failure: request.failure.map((each) => this.#sealed(each)) }),
    })
    return { ...response, results: response.results.map((each) => this.#openedResult(each)) }
  }

  watch(request: Parameters<Store["watch"]>[0]): Watch {
    const watch = this.#inner.watch(request)
    const opened = (event: StoreEvent): StoreEvent => ({
      ...event,
      kv: event.type === "put" ? this.#opened(event.kv) : event.kv,
      ...(event.previous && { previous: this.#opened(event.previous) }),
    })
    return {
      started: watch.started,
      requestProgress: () => watch.requestProgress(),
      close: () => watch.close(),
      async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, void> {
        for await (const { revision, events } of watch) yield { revision, events: events.map(opened) }
      },
    }
  }

  compact(revision: number): Promise<void> {
    return this.#inner.compact(revision)
  }

  currentRevision(): Promise<number> {
    return this.#inner.currentRevision()
  }

  /** For what keeps the keys up to date. */
  onClose(work: () => void): void {
    this.#onClose.push(work)
  }

  close(): Promise<void> {
    for (const work of this.#onClose) work()
    return this.#inner.close()
  }

  #transformersFor(key: string): Transformers | undefined {
    const found = this.#resourceOf(key)
    return found && this.#find(found.group, found.resource)
  }

  #sealed(operation: Operation): Operation {
    if (operation.op === "txn") {
      const { success = [], failure = [] } = operation
      const [sealedSuccess, sealedFailure] = [success, failure].map((all) =>
        all.map((each) => this.#sealed(each)),
      )
      return { ...operation, success: sealedSuccess!, failure: sealedFailure! }
    }
    if (operation.op !== "put" || operation.keep === "value" || operation.keep === "both") return operation
    const { key, value } = operation
    const transformers = this.#transformersFor(key)
    if (!transformers) return operation
    const sealed = encrypt(transformers, value, key)
    this.#written.set(sealed, value)
    this.#storedWith.set(value, transformers[0]!.id)
    return { ...operation, value: sealed }
  }

  #openedResult(result: OperationResult): OperationResult {
    switch (result.op) {
      case "put":
        return result.previous ? { ...result, previous: this.#opened(result.previous) } : result
      case "delete":
        return { ...result, deleted: result.deleted.map((each) => this.#opened(each)) }
      case "range":
        return { ...result, kvs: result.kvs.map((each) => this.#opened(each)) }
      case "txn":
        return { ...result, results: result.results.map((each) => this.#openedResult(each)) }
    }
  }

  /** What no key opens is handed on as it is: only who asks for that very object is to fail. */
  #opened(kv: KeyValue): KeyValue {
    const written = this.#written.get(kv.value)
    if (written) return { ...kv, value: written }
    const transformers = this.#transformersFor(kv.key)
    if (!transformers) return kv
    const opened = decrypt(transformers, kv.value, kv.key)
    if (!opened) {
      this.#log.error("a stored value cannot be decrypted", { key: kv.key })
      return kv
    }
    const { value, transformer } = opened
    this.#storedWith.set(value, transformer.id)
    return { ...kv, value }
  }
}
