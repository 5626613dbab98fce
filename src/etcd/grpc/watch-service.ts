/**
 * The Watch service: any number of watches on one stream. Each is a Watch of the store, read as fast as the client takes
 * what is sent: a slow client holds up its own watches and costs no memory.
 */
import type { Clock, Timer } from "../../base/clock.ts"
import { CompactedError, InvalidRequestError, type Store, type StoreEvent, type Watch } from "../store.ts"
import { type Method, stream, type StreamCall } from "./grpc-server.ts"
import { toGrpcError } from "./grpc-status.ts"
import type { MakeHeader } from "./kv-service.ts"
import {
  type EventMessage,
  type WatchCreateRequest,
  WatchRequestMessage,
  WatchResponseMessage,
} from "./watch-messages.ts"

export interface WatchServiceOptions {
  readonly store: Store
  readonly clock: Clock
  readonly header: MakeHeader
  /** How often a quiet watch that asked for it is told how far it has come. @default 10 minutes, as etcd's */
  readonly progressIntervalMs?: number
}

export function watchService(options: WatchServiceOptions): Readonly<Record<string, Method>> {
  return {
    "/etcdserverpb.Watch/Watch": stream(WatchRequestMessage, WatchResponseMessage, (call) =>
      new WatchStream(options, call).run(),
    ),
  }
}

/** Where a response is cut, between revisions; within one if the client can put fragments together. */
const responseBytes = 1 << 20

class WatchStream {
  readonly #options: WatchServiceOptions
  readonly #call: StreamCall<WatchRequestMessage, WatchResponseMessage>
  readonly #watches = new Map<number, ServedWatch>()
  #nextId = 0

  constructor(options: WatchServiceOptions, call: StreamCall<WatchRequestMessage, WatchResponseMessage>) {
    this.#options = options
    this.#call = call
  }

  async run(): Promise<void> {
    try {
      for await (const { create, cancel, progress } of this.#call.requests) {
        if (create) await this.#create(create)
        else if (cancel) await this.#cancel(cancel.watchId)
        else if (progress) await this.#progress()
      }
    } finally {
      for (const watch of this.#watches.values()) watch.close()
    }
  }

  async #create(request: WatchCreateRequest): Promise<void> {
    const { store, header } = this.#options
    const watchId = request.watchId || this.#freeId()
    if (this.#watches.has(watchId))
      return this.#refuse("etcd: duplicate watch ID provided on the WatchStream")
    let source: Watch
    try {
      source = store.watch({
        key: request.key || "\0",
        rangeEnd: request.rangeEnd,
        startRevision: Math.max(request.startRevision, 0),
        previous: request.prevKv,
        signal: this.#call.signal,
      })
    } catch (error) {
      if (error instanceof InvalidRequestError) return this.#refuse(error.message)
      throw error
    }
    const revision = await source.started
    await this.#send({ header: header(revision), watchId, created: true })
    const watch = new ServedWatch(watchId, request, source, this.#options, (response) => this.#send(response))
    this.#watches.set(watchId, watch)
    void watch.run().finally(() => this.#watches.delete(watchId))
  }

  async #refuse(cancelReason: string): Promise<void> {
    const header = this.#options.header(await this.#options.store.currentRevision())
    await this.#send({ header, watchId: -1, created: true, canceled: true, cancelReason })
  }

  async #cancel(watchId: number): Promise<void> {
    const watch = this.#watches.get(watchId)
    if (watch === undefined) return
    this.#watches.delete(watchId)
    watch.close()
    const revision = await this.#options.store.currentRevision()
    await this.#send({ header: this.#options.header(revision), watchId, canceled: true })
  }

  /** Tells the client, once for the whole stream, up to which revision it has been told everything. */
  async #progress(): Promise<void> {
    const revision = await this.#options.store.currentRevision()
    await Promise.all([...this.#watches.values()].map((watch) => watch.told(revision)))
    await this.#send({ header: this.#options.header(revision), watchId: -1 })
  }

  #freeId(): number {
    while (this.#watches.has(this.#nextId)) this.#nextId++
    return this.#nextId++
  }

  #send(response: Partial<WatchResponseMessage>): Promise<void> {
    return this.#call.send({ ...emptyResponse, ...response })
  }
}

const emptyResponse: WatchResponseMessage = {
  watchId: 0,
  created: false,
  canceled: false,
  compactRevision: 0,
  cancelReason: "",
  fragment: false,
  events: [],
}

class ServedWatch {
  readonly #id: number
  readonly #request: WatchCreateRequest
  readonly #source: Watch
  readonly #options: WatchServiceOptions
  readonly #send: (response: Partial<WatchResponseMessage>) => Promise<void>
  #timer: Timer | undefined
  #quiet = true
  #told = 0
  #ended = false
  #waiting: { readonly revision: number; readonly resolve: () => void }[] = []

  constructor(
    id: number,
    request: WatchCreateRequest,
    source: Watch,
    options: WatchServiceOptions,
    send: (response: Partial<WatchResponseMessage>) => Promise<void>,
  ) {
    this.#id = id
    this.#request = request
    this.#source = source
    this.#options = options
    this.#send = send
  }

  async run(): Promise<void> {
    if (this.#request.progressNotify) this.#scheduleProgress()
    try {
      for await (const { revision, events } of this.#source) {
        await this.#sendBatch(revision, events)
        this.#reached(revision)
      }
    } catch (error) {
      await this.#sendEnd(error)
    } finally {
      this.close()
    }
  }

  /** Resolves when everything up to `revision` has been sent, or the watch has ended. */
  told(revision: number): Promise<void> {
    if (this.#ended || this.#told >= revision) return Promise.resolve()
    void this.#source.requestProgress()
    return new Promise((resolve) => this.#waiting.push({ revision, resolve }))
  }

  close(): void {
    this.#ended = true
    this.#timer?.cancel()
    this.#source.close()
    this.#reached(Number.POSITIVE_INFINITY)
  }

  async #sendBatch(revision: number, events: readonly StoreEvent[]): Promise<void> {
    const header = this.#options.header(revision)
    if (events.length === 0) {
      // Asked for by the timer, or for the whole stream by `told`, which then says so itself.
      if (this.#request.progressNotify && this.#waiting.length === 0)
        await this.#send({ header, watchId: this.#id })
      return
    }
    const wanted = events.filter(
      ({ type }) => !this.#request.filters.includes(type === "put" ? "NOPUT" : "NODELETE"),
    )
    for (const { events: part, fragment } of cut(wanted, this.#request.fragment)) {
      this.#quiet = false
      await this.#send({ header, watchId: this.#id, events: part.map(toEventMessage), fragment })
    }
  }

  async #sendEnd(error: unknown): Promise<void> {
    const compactRevision = error instanceof CompactedError ? error.compactRevision : 0
    const cancelReason = toGrpcError(error).message
    const header = this.#options.header(await this.#options.store.currentRevision().catch(() => 0))
    await this.#send({ header, watchId: this.#id, canceled: true, compactRevision, cancelReason })
  }

  #reached(revision: number): void {
    this.#told = Math.max(this.#told, revision)
    const done = this.#waiting.filter((waiting) => waiting.revision <= this.#told)
    this.#waiting = this.#waiting.filter((waiting) => waiting.revision > this.#told)
    for (const { resolve } of done) resolve()
  }

  #scheduleProgress(): void {
    this.#timer = this.#options.clock.after(this.#options.progressIntervalMs ?? 600_000, () => {
      if (this.#quiet) void this.#source.requestProgress()
      this.#quiet = true
      this.#scheduleProgress()
    })
  }
}

interface Part {
  readonly events: readonly StoreEvent[]
  /** More events of the same revision follow. */
  readonly fragment: boolean
}

/** Parts of about `responseBytes`, cut between revisions, or anywhere if `within`. */
function* cut(events: readonly StoreEvent[], within: boolean): Generator<Part> {
  let start = 0
  let bytes = 0
  for (const [index, { kv, previous }] of events.entries()) {
    bytes += kv.key.length + kv.value.length + (previous ? previous.value.length : 0) + 64
    const next = events[index + 1]
    const sameRevision = next !== undefined && next.kv.modRevision === kv.modRevision
    if (next !== undefined && (bytes < responseBytes || (sameRevision && !within))) continue
    yield { events: events.slice(start, index + 1), fragment: sameRevision }
    start = index + 1
    bytes = 0
  }
}

function toEventMessage({ type, kv, previous }: StoreEvent): EventMessage {
  return { type: type === "put" ? "PUT" : "DELETE", kv, ...(previous && { prevKv: previous }) }
}
