import * as fc from "fast-check"
import { expect, test } from "vitest"
import { CompactedError, type KeyValue, type OperationResult, type Store } from "../store.ts"
import {
  type ContractOptions,
  freshPrefix,
  type Harness,
  type OpenHarness,
  plain,
  type PlainEvent,
  plainEvent,
} from "./harness.ts"
import { inRange, Model } from "./model.ts"
import { type Frame, type RandomOperation, randomOperation, toRange, toTxn } from "./random-operations.ts"
import { WatchRecorder } from "./watch-recorder.ts"

/** Random histories, compared step by step with the model, with watches opened at any moment and at any revision. */
export function describeHistories(open: OpenHarness, { runs = 40, operations = 60 }: ContractOptions): void {
  test("random histories are the model's", { timeout: 120_000 }, async () => {
    const harness = await open()
    const seen: Seen = { revisions: 0, refused: 0, compactions: 0, events: 0, compactedReads: 0 }
    try {
      const histories = fc.array(randomOperation, { minLength: 1, maxLength: operations, size: "max" })
      await fc.assert(
        fc.asyncProperty(histories, (history) => new History(harness, seen).play(history)),
        { numRuns: runs, seed: 20260101, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true },
      )
      // The test tested: all of this did happen.
      for (const [what, times] of Object.entries(seen))
        expect(times, what).toBeGreaterThan(Math.floor(runs / 10))
    } finally {
      await harness.close()
    }
  })
}

interface Seen {
  revisions: number
  refused: number
  compactions: number
  events: number
  compactedReads: number
}

class History {
  readonly #harness: Harness
  readonly #seen: Seen
  readonly #store: Store
  readonly #prefix = freshPrefix()
  readonly #leases: bigint[] = []
  readonly #watches: { readonly recorder: WatchRecorder; readonly from: number }[] = []
  #model = new Model(0)

  constructor(harness: Harness, seen: Seen) {
    this.#seen = seen
    this.#harness = harness
    this.#store = harness.store
  }

  async play(operations: readonly RandomOperation[]): Promise<void> {
    this.#model = new Model(await this.#store.currentRevision())
    try {
      await this.#watch({ key: this.#prefix, rangeEnd: `${this.#prefix}\xff` }, undefined, false)
      for (const operation of operations) await this.#perform(operation)
      await this.#checkWatches()
      this.#seen.revisions += this.#model.log.length
    } finally {
      await Promise.all(this.#watches.map(({ recorder }) => recorder.close()))
      await Promise.all(this.#leases.map((id) => this.#store.leases.revoke(id).catch(() => {})))
    }
  }

  get #frame(): Frame {
    const { base, revision } = this.#model
    return { prefix: this.#prefix, base, revision, leases: this.#leases }
  }

  #perform(operation: RandomOperation): Promise<void> {
    switch (operation.kind) {
      case "txn":
        return this.#txn(operation)
      case "range":
        return this.#range(operation)
      case "compact":
        return this.#compact(operation.back)
      case "grant":
        return this.#grant()
      case "revoke":
        return this.#revoke(operation.lease)
      default: {
        const { key, rangeEnd, revision } = toRange(operation.range, this.#frame)
        const range = rangeEnd === undefined ? { key } : { key, rangeEnd }
        return this.#watch(range, revision, operation.previous)
      }
    }
  }

  async #txn({ txn }: Extract<RandomOperation, { kind: "txn" }>): Promise<void> {
    const request = toTxn(txn, this.#frame)
    const actual = await outcomeOf(this.#store.txn(request))
    if ("error" in actual) this.#seen.refused++
    expect(plainOutcome(actual)).toEqual(plainOutcome(this.#model.txn(request)))
  }

  async #range({ range }: Extract<RandomOperation, { kind: "range" }>): Promise<void> {
    const request = toRange(range, this.#frame)
    const actual = await outcomeOf(this.#store.range(request))
    if ("error" in actual && actual.error === "CompactedError") this.#seen.compactedReads++
    const expected = this.#model.range(request, this.#model.at(this.#model.revision), this.#model.revision)
    expect(plainOutcome(actual)).toEqual(plainOutcome(expected))
    expect(await this.#store.currentRevision()).toBe(this.#model.revision)
  }

  async #compact(back: number): Promise<void> {
    const model = this.#model
    const revision = Math.max(model.revision - back, model.base)
    await this.#watchesToldAll()
    const expected =
      revision > model.revision
        ? "FutureRevisionError"
        : revision <= model.compactRevision
          ? "CompactedError"
          : "compacted"
    const actual = await this.#store.compact(revision).then(
      () => "compacted",
      (error: Error) => error.name,
    )
    // What earlier histories compacted in the same store is not in the model.
    if (actual === "CompactedError" && revision === model.base) return
    expect(actual).toBe(expected)
    if (expected !== "compacted") return
    this.#seen.compactions++
    model.compactRevision = revision
    // Time for the store to forget what it has compacted.
    await this.#harness.advance(2)
  }

  async #grant(): Promise<void> {
    const { id } = await this.#store.leases.grant(3600)
    this.#leases.push(id)
    this.#model.leases.add(id)
  }

  async #revoke(index: number): Promise<void> {
    const id = this.#leases[index]
    if (id === undefined) return
    const actual = await this.#store.leases.revoke(id).then(
      () => "revoked",
      (error: Error) => error.name,
    )
    expect(actual).toBe(this.#model.leases.has(id) ? "revoked" : "LeaseNotFoundError")
    if (actual === "revoked") this.#model.revoke(id)
  }

  async #watch(range: { key: string; rangeEnd?: string }, start: number | undefined, previous: boolean) {
    const model = this.#model
    const request = { ...range, ...(start !== undefined && { startRevision: start }), previous }
    if (range.rangeEnd !== undefined && range.rangeEnd <= range.key) {
      expect(() => this.#store.watch(request)).toThrow("mvcc: watcher range is empty")
      return
    }
    const recorder = new WatchRecorder(this.#store, request)
    expect(await recorder.started).toBe(model.revision)
    const from = start ?? model.revision + 1
    if (from >= model.compactRevision) {
      this.#watches.push({ recorder, from })
      return
    }
    await recorder.ended
    expect(recorder.error).toBeInstanceOf(CompactedError)
    expect((recorder.error as CompactedError).compactRevision).toBe(model.compactRevision)
  }

  async #watchesToldAll(): Promise<void> {
    await Promise.all(this.#watches.map(({ recorder }) => recorder.until(this.#model.revision)))
  }

  async #checkWatches(): Promise<void> {
    await this.#watchesToldAll()
    for (const { recorder, from } of this.#watches) {
      expect(recorder.error).toBeUndefined()
      const expected = this.#model.log
        .flat()
        .filter(({ kv }) => kv.modRevision >= from && inRange(kv.key, recorder.request))
        .map(({ type, kv, previous }) => plainEvent({ type, kv, ...(previous && { previous }) }))
      expect(recorder.events.map(withoutPrevious)).toEqual(expected.map(withoutPrevious))
      this.#seen.events += expected.length
      if (recorder.request.previous) this.#checkPrevious(recorder.events, expected)
    }
  }

  // What was before an event may have been compacted by the time it was told; then it is left out, never wrong.
  #checkPrevious(told: readonly PlainEvent[], expected: readonly PlainEvent[]): void {
    for (const [index, { previous }] of expected.entries()) {
      const actual = told[index]!
      const gone = actual.kv.modRevision - 1 < this.#model.compactRevision
      if (actual.previous !== undefined || !gone) expect(actual.previous).toEqual(previous)
    }
  }
}

function withoutPrevious({ type, kv }: PlainEvent) {
  return { type, kv }
}

async function outcomeOf<T extends object>(result: Promise<T>): Promise<T | { error: string }> {
  return result.catch((error: Error) => ({ error: error.name }))
}

function plainOutcome(outcome: object): object {
  const { kvs, results, ...rest } = outcome as {
    kvs?: readonly KeyValue[]
    results?: readonly OperationResult[]
  }
  if (kvs !== undefined) return { ...rest, kvs: kvs.map(plain) }
  if (results === undefined) return rest
  return { ...rest, results: results.map(plainResult) }
}

function plainResult(result: OperationResult): object {
  if (result.op === "put") return { op: "put", previous: plain(result.previous) }
  if (result.op === "delete") return { op: "delete", deleted: result.deleted.map(plain) }
  if (result.op === "txn") return { ...result, results: result.results.map(plainResult) }
  return { ...result, kvs: result.kvs.map(plain) }
}
