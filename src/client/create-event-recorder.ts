import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import { integer, type Random } from "../base/random.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import type { Client } from "./client.ts"
import { deliverEvent, isTaken } from "./deliver-event.ts"
import { type CorrelatedEvent, EventCorrelator, type Verdict } from "./event-correlator.ts"
import type { EventRecorder, ObjectReference } from "./event-recorder.ts"
import { Event } from "../api/core/v1/event.ts"

export interface EventRecorderOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Who speaks: "deployment-controller", "kubelet". */
  readonly component: string
  /** The node it speaks from, for components that run on each. */
  readonly host?: string
  /** Ends what is still being retried. */
  readonly signal?: AbortSignal
}

type Send = Exclude<Verdict, { kind: "drop" }>

/** More than this wait to be sent: the server is away, and newer ones are dropped. */
const maxQueued = 1000

/** Writes core/v1 Events, one after the other, behind the caller's back. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, random, log, component, host } = options
  const correlator = new EventCorrelator()
  let last: Promise<void> = Promise.resolve()
  let queued = 0

  async function send(verdict: Send): Promise<void> {
    const refusal = await deliverEvent(async () => {
      if (verdict.kind === "count" && (await patched(verdict.event))) return
      await client.create(Event, encode(verdict.event, component, host))
    }, options)
    if (!refusal) return
    log.debug("event refused", { reason: verdict.event.occurrence.reason, error: refusal })
    correlator.forget(verdict.key)
  }

  /** Adds to the count of an event that is there; false when it has expired meanwhile. */
  function patched({ namespace, name, count, lastMs, message }: CorrelatedEvent): Promise<boolean> {
    const body = { count, lastTimestamp: wholeSeconds(lastMs), message }
    return isTaken(client.patch(Event, { namespace, name }, { type: "strategic", body }))
  }

  return {
    event(about, type, reason, message, annotations) {
      if (queued >= maxQueued) return log.warn("event dropped: too many wait to be sent", { reason })
      const atMs = clock.now()
      const said = { about: referenceTo(about), type, reason, message, atMs }
      const occurrence = annotations ? { ...said, annotations } : said
      const verdict = correlator.correlate(occurrence, () =>
        uniqueEventName(occurrence.about, occurrence.atMs, random),
      )
      if (verdict.kind === "drop") return
      queued++
      last = last
        .then(() => send(verdict))
        .catch((error: unknown) => log.error("event not recorded", { reason, error }))
        .finally(() => queued--)
    },
  }
}

function encode(event: CorrelatedEvent, component: string, host: string | undefined) {
  const { about, type, reason, annotations } = event.occurrence
  return {
    metadata: { namespace: event.namespace, name: event.name, ...(annotations && { annotations }) },
    involvedObject: about,
    reason,
    message: event.message,
    source: { component, ...(host && { host }) },
    firstTimestamp: wholeSeconds(event.firstMs),
    lastTimestamp: wholeSeconds(event.lastMs),
    count: event.count,
    type,
    reportingComponent: component,
    reportingInstance: host ?? "",
  }
}

/** Nanoseconds as upstream; the clock has milliseconds, and chance keeps two components apart within one. */
export function uniqueEventName(about: ObjectReference, atMs: number, random: Random): string {
  const nanoseconds = BigInt(Math.floor(atMs)) * 1_000_000n + BigInt(integer(random, 1_000_000))
  return `${about.name}.${nanoseconds.toString(16)}`
}

/** What an event remembers of the object it is about. */
export function referenceTo(about: KubeObject | ObjectReference): ObjectReference {
  if (!("metadata" in about)) return about
  const { namespace, name, uid, resourceVersion } = about.metadata
  return {
    kind: about.kind,
    ...(namespace && { namespace }),
    name,
    uid,
    apiVersion: about.apiVersion,
    resourceVersion,
  }
}

function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
