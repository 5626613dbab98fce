/**
 * How far a watch has come, for servers whose own answer cannot be relied on (etcd before 3.4.31 and 3.5.13 says it on
 * another queue than the events, and may be early: https://github.com/etcd-io/etcd/issues/15220).
 *
 * The idea: on the same stream a second watch is opened on everything, from the revision in question on. That revision
 * has an event, which the server reads back from its history and puts at the end of the stream's one queue of events. When
 * it arrives, everything the first watch was due before has arrived too. Two things are looked after: in the revision
 * itself, which of the two watches is served first is open; and while the first watch still catches up with history,
 * both may be served in one go, in any order.
 */
import { type Clock, sleep } from "../../base/clock.ts"
import { type EventMessage, WatchRequestMessage, type WatchResponseMessage } from "../grpc/watch-messages.ts"
import { keyInterval, type WatchRequest } from "../store.ts"
import type { ClientStream } from "./grpc-channel.ts"

/**
 * How long history may take to be read back; the server looks every 100 ms. If nothing comes, then there is nothing: old
 * servers forget a deletion when they compact up to its very revision.
 */
const patienceMs = 2000
/** A server tells so many revisions of history in one go, and no more until its next round. */
const catchUpRevisions = 1000

interface Second {
  readonly id: number
  readonly startRevision: number
  readonly done: (events: readonly EventMessage[] | undefined) => void
}

export class Barrier {
  readonly #stream: ClientStream
  readonly #clock: Clock
  readonly #low: string
  readonly #high: string
  #lastId = 1000
  #current: Second | undefined
  /** The first watch has surely left history behind. */
  #caughtUp = false
  #sawFullRound = false
  #lastRevision: number
  #abandoned = false

  /** @param first the first revision that the watch is to be told on this stream */
  constructor(stream: ClientStream, clock: Clock, { key, rangeEnd }: WatchRequest, first: number) {
    this.#lastRevision = first - 1
    this.#stream = stream
    this.#clock = clock
    const { low, high } = keyInterval(key, rangeEnd)
    this.#low = low
    this.#high = high
  }

  /** Resolves to true when the first watch has certainly been told everything up to `revision`. */
  async pass(revision: number): Promise<boolean> {
    while (!this.#caughtUp) {
      this.#sawFullRound = false
      if ((await this.#reach(revision)) === undefined) return false
      this.#caughtUp = !this.#sawFullRound
    }
    const events = await this.#reach(revision)
    if (events === undefined) return false
    const due = events.some(
      ({ kv }) => kv?.modRevision === revision && this.#low <= kv.key && kv.key < this.#high,
    )
    return !due || this.#comes(revision)
  }

  /** A member that has not come so far yet (it was cut off, say) has nothing to say about the revision. */
  #heardOf({ header }: WatchResponseMessage, second: Second): void {
    if ((header?.revision ?? 0) < second.startRevision) second.done(undefined)
    else void this.#giveUpLater(second)
  }

  async #giveUpLater(second: Second): Promise<void> {
    await sleep(this.#clock, patienceMs)
    second.done([])
  }

  async #comes(revision: number): Promise<boolean> {
    // At once, also, if the watch starts after it.
    for (let waited = 0; waited < patienceMs && !this.#abandoned; waited += 10) {
      if (this.#lastRevision >= revision) return true
      await sleep(this.#clock, 10)
    }
    return false
  }

  /** Takes what is meant for the second watch; tells whether it was. */
  takes(response: WatchResponseMessage): boolean {
    if (response.watchId <= 1000) return false
    if (response.watchId !== this.#current?.id) return true
    if (response.canceled) this.#current.done(undefined)
    else if (response.created) this.#heardOf(response, this.#current)
    else if (response.events.length > 0) this.#current.done(response.events)
    return true
  }

  /** Notes what the first watch was told. */
  saw(events: readonly EventMessage[]): void {
    const revisions = new Set(events.map(({ kv }) => kv?.modRevision))
    if (revisions.size >= catchUpRevisions) this.#sawFullRound = true
    this.#lastRevision = events.at(-1)?.kv?.modRevision ?? this.#lastRevision
  }

  abandon(): void {
    this.#abandoned = true
    this.#current?.done(undefined)
  }

  /** The events of the second watch; undefined if it was refused or the stream has ended. */
  async #reach(startRevision: number): Promise<readonly EventMessage[] | undefined> {
    if (this.#abandoned || this.#current !== undefined) return undefined
    const watchId = ++this.#lastId
    const arrived = new Promise<readonly EventMessage[] | undefined>((resolve) => {
      this.#current = { id: watchId, startRevision, done: resolve }
    })
    const everything = { key: "\0", rangeEnd: "\0", progressNotify: false, prevKv: false, fragment: false }
    this.#stream.send(
      WatchRequestMessage.encode({ create: { ...everything, startRevision, filters: [], watchId } }),
    )
    const events = await arrived
    this.#current = undefined
    this.#stream.send(WatchRequestMessage.encode({ cancel: { watchId } }))
    return events
  }
}
