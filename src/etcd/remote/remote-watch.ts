/**
 * A watch on a real etcd. The connection under it may break, the member it goes to may be lost: it goes on at another
 * one from the revision after the last that was told, so that the reader notices nothing, unless that has been compacted
 * meanwhile.
 */
import { type Clock, sleep } from "../../base/clock.ts"
import { codes, GrpcError } from "../grpc/grpc-status.ts"
import {
  WatchRequestMessage,
  WatchResponseMessage,
  type EventMessage,
  type WatchCreateRequest,
} from "../grpc/watch-messages.ts"
import { CompactedError, type Watch, type WatchBatch, type WatchRequest } from "../store.ts"
import { BatchQueue } from "./batch-queue.ts"
import type { ClientStream, GrpcChannel } from "./grpc-channel.ts"
import { Barrier } from "./watch-barrier.ts"
import { eventFromWire } from "./wire.ts"

export interface RemoteWatchOptions {
  readonly channel: GrpcChannel
  readonly clock: Clock
  readonly request: WatchRequest
  /** Linearizable. */
  readonly currentRevision: () => Promise<number>
  /** Whether the server's answers about progress can be relied on. */
  readonly tellsProgress: () => Promise<boolean>
}

const retryDelayMs = 100
const askAgainMs = 50
export const watchId = 1

export class RemoteWatch implements Watch, AsyncIterator<WatchBatch, undefined> {
  readonly started: Promise<number>
  readonly ended: Promise<void>
  readonly #options: RemoteWatchOptions
  readonly #queue = new BatchQueue()
  readonly #onAbort = () => this.close()
  #markStarted: (revision: number) => void = () => {}
  #markEnded: () => void = () => {}
  /** The next revision to be told; 0: whatever comes first. */
  #next: number
  #stream: ClientStream | undefined
  #barrier: Barrier | undefined
  #fragments: EventMessage[] = []
  #tells = 0
  #toldWakes: (() => void)[] = []

  constructor(options: RemoteWatchOptions) {
    this.#options = options
    const { signal, startRevision } = options.request
    this.#next = startRevision ?? 0
    this.started = new Promise((resolve) => {
      this.#markStarted = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve
    })
    signal?.addEventListener("abort", this.#onAbort, { once: true })
    if (signal?.aborted) this.close()
    else void this.#run()
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchBatch, undefined> {
    return this
  }

  next(): Promise<IteratorResult<WatchBatch, undefined>> {
    return this.#queue.next()
  }

  async return(): Promise<IteratorResult<WatchBatch, undefined>> {
    this.close()
    return { done: true, value: undefined }
  }

  // The member at the other end may lag behind, and the connection may change: asked until the answer is good enough.
  async requestProgress(): Promise<void> {
    const [target, tellsProgress] = await Promise.all([
      this.#options.currentRevision(),
      this.#options.tellsProgress(),
      this.started,
    ])
    void this.#askUntil(target, tellsProgress)
  }

  close(): void {
    this.#queue.close()
    this.#end()
  }

  async #askUntil(target: number, tellsProgress: boolean): Promise<void> {
    const tellsBefore = this.#tells
    while ((this.#told < target || this.#tells === tellsBefore) && !this.#queue.ended) {
      const stream = this.#stream
      if (tellsProgress) stream?.send(WatchRequestMessage.encode({ progress: {} }))
      else if (stream !== undefined) await this.#askByBarrier(stream)
      await Promise.race([
        sleep(this.#options.clock, askAgainMs),
        new Promise<void>((resolve) => this.#toldWakes.push(resolve)),
      ])
    }
  }

  async #askByBarrier(stream: ClientStream): Promise<void> {
    const revision = await this.#options.currentRevision().catch(() => undefined)
    if (revision === undefined) return
    const passed = await this.#barrier?.pass(revision)
    if (passed && stream === this.#stream) this.#tell({ revision, events: [] })
  }

  /** All events up to here have been told. */
  get #told(): number {
    return this.#next - 1
  }

  async #run(): Promise<void> {
    while (!this.#queue.ended) {
      try {
        await this.#readStream()
      } catch (error) {
        if (!(error instanceof GrpcError) || isFinal(error)) {
          this.#queue.fail(error)
          break
        }
      }
      this.#stream = undefined
      this.#barrier?.abandon()
      if (!this.#queue.ended) await sleep(this.#options.clock, retryDelayMs)
    }
    this.#end()
  }

  async #readStream(): Promise<void> {
    // With this, a member that loses its leader says so instead of staying silent.
    const stream = await this.#options.channel.stream("/etcdserverpb.Watch/Watch", { hasleader: "true" })
    this.#fragments = []
    try {
      stream.send(WatchRequestMessage.encode({ create: this.#createRequest() }))
      for await (const message of stream.messages()) {
        const response = WatchResponseMessage.decode(message)
        if (this.#barrier?.takes(response)) continue
        this.#take(response, stream)
        await this.#queue.room()
        if (this.#queue.ended) return
      }
    } finally {
      stream.cancel()
    }
  }

  #createRequest(): WatchCreateRequest {
    const { key, rangeEnd = "", previous = false } = this.#options.request
    const startRevision = this.#next
    const rest = {
      startRevision,
      progressNotify: true,
      filters: [],
      prevKv: previous,
      fragment: true,
      watchId,
    }
    return { key, rangeEnd, ...rest }
  }

  #take(response: WatchResponseMessage, stream: ClientStream): void {
    const { created, canceled, compactRevision, events, fragment, header } = response
    const revision = header?.revision ?? 0
    if (canceled) {
      this.#markStarted(revision)
      if (compactRevision > 0) throw new CompactedError(compactRevision)
      // Refused from the start, or given up for reasons that another member may not have.
      throw new GrpcError(
        created ? codes.invalidArgument : codes.unavailable,
        response.cancelReason || "etcdserver: watch canceled",
      )
    }
    if (created) {
      if (this.#next === 0) this.#next = revision + 1
      this.#stream = stream
      this.#barrier = new Barrier(stream, this.#options.clock, this.#options.request, this.#next)
      this.#markStarted(revision)
      return
    }
    this.#fragments.push(...events)
    if (fragment) return
    const complete = this.#fragments
    this.#fragments = []
    const last = complete.at(-1)?.kv?.modRevision
    if (last !== undefined) this.#tell({ revision: last, events: complete.map(eventFromWire) })
    // An answer for the whole stream comes only if it was asked for, which is done only where it can be relied on.
    else this.#tell({ revision, events: [] })
    this.#barrier?.saw(complete)
  }

  #tell(batch: WatchBatch): void {
    if (batch.revision < this.#told) return
    this.#next = batch.revision + 1
    this.#tells++
    this.#queue.push(batch)
    for (const wake of this.#toldWakes.splice(0)) wake()
  }

  #end(): void {
    this.#options.request.signal?.removeEventListener("abort", this.#onAbort)
    this.#stream?.cancel()
    this.#barrier?.abandon()
    this.#markStarted(0)
    for (const wake of this.#toldWakes.splice(0)) wake()
    this.#markEnded()
  }
}

/** Trying again would bring the same answer. */
function isFinal(error: GrpcError): boolean {
  return (
    error.code === codes.invalidArgument ||
    error.code === codes.unimplemented ||
    error.code === 7 ||
    error.code === 16
  )
}
