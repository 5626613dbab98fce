import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { isStatusError } from "../apimachinery/status-error.ts"
import { formatMicroTime } from "../apimachinery/time.ts"
import { Event } from "../api/events/v1/event.ts"
import type { Client } from "./client.ts"
import { referenceTo, uniqueEventName } from "./create-event-recorder.ts"
import { deliverEvent, isTaken } from "./deliver-event.ts"
import { EventSeries, finishMs, type Noted } from "./event-series.ts"
import type { EventSeriesRecorder } from "./event-series-recorder.ts"

export interface EventSeriesRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Who speaks: "default-scheduler". */
  readonly component: string
  /** Where it runs; tells apart who speaks for the same component. @default nothing */
  readonly host?: string
  /** Ends what is still being retried. */
  readonly signal?: AbortSignal
}

/** Writes under way at once. */
const maxSending = 32
/** More than this wait to be sent: the server is away, and newer ones are dropped. */
const maxWaiting = 10_000

/** Writes events.k8s.io/v1 Events behind the caller's back. */
export function createEventSeriesRecorder(options: EventSeriesRecorderOptions): EventSeriesRecorder {
  const { client, clock, random, log, component, host } = options
  const series = new EventSeries()
  const waiting: Noted[] = []
  let sending = 0
  let isWatching = false

  function write(event: Noted | undefined): void {
    if (!event) return
    if (waiting.length >= maxWaiting)
      return log.warn("event dropped: too many wait to be sent", { reason: event.reason })
    waiting.push(event)
    if (sending < maxSending) void sendAll()
  }

  async function sendAll(): Promise<void> {
    sending++
    for (let event = waiting.shift(); event; event = waiting.shift()) await send(event)
    sending--
  }

  async function send(event: Noted): Promise<void> {
    const refusal = await deliverEvent(async () => {
      if (event.series && (await patched(event))) return
      await client.create(Event, encode(event)).catch(async (error: unknown) => {
        // The first of the series came meanwhile.
        if (!event.series || !isStatusError(error, "AlreadyExists")) throw error
        await patched(event)
      })
    }, options)
    if (refusal) log.debug("event refused", { reason: event.reason, error: refusal })
  }

  /** False when the event that has become a series is not there: not yet, or not any more. */
  function patched(event: Noted): Promise<boolean> {
    const body = { series: encodeSeries(event) }
    const key = { namespace: namespaceOf(event), name: event.name }
    return isTaken(client.patch(Event, key, { type: "strategic", body }))
  }

  /** As long as there is anything that may end. */
  function watchEnds(): void {
    if (isWatching || series.size === 0 || options.signal?.aborted) return
    isWatching = true
    clock.after(finishMs, () => {
      isWatching = false
      for (const event of series.finish(clock.now())) write(event)
      watchEnds()
    })
  }

  function encode(event: Noted) {
    const { name, type, reason, action, note, regarding, related, atMs } = event
    return {
      metadata: { namespace: namespaceOf(event), name },
      eventTime: formatMicroTime(atMs),
      ...(event.series && { series: encodeSeries(event) }),
      reportingController: component,
      reportingInstance: host ? `${component}-${host}` : component,
      action,
      reason,
      regarding,
      ...(related && { related }),
      note,
      type,
    }
  }

  return {
    record({ regarding, related, ...said }) {
      const about = referenceTo(regarding)
      const atMs = clock.now()
      const name = uniqueEventName(about, atMs, random)
      const parts = { ...said, regarding: about, ...(related && { related: referenceTo(related) }) }
      write(series.add({ ...parts, name, atMs }))
      watchEnds()
    },
  }
}

function namespaceOf({ regarding }: Noted): string {
  return regarding.namespace || "default"
}

function encodeSeries({ series }: Noted) {
  return { count: series!.count, lastObservedTime: formatMicroTime(series!.lastMs) }
}
