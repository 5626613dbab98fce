import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { KubeObject, ObjectKey } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { Cache } from "./cache.ts"
import type { Client } from "./client.ts"
import type { EventRecorder } from "./event-recorder.ts"
import type { Informers } from "./informers.ts"

/**
 * A control loop as one value: its promise is `reconcile`, its wiring is `watches`. A watch yields keys and nothing else,
 * so a reconciler can never ask "what happened", only "what is". The runner (run-controllers.ts) keeps the informers, a
 * work queue per controller with upstream's back-off (5 ms doubling to 1000 s), and one more promise:
 *
 * Read your own writes. Before a key is reconciled, the cache has caught up with every write that this controller made
 * through its client while reconciling that key. So a plan may count what it lists; there are no expectations to keep.
 */
export interface ControllerDefinition {
  /** As upstream names it in metrics, events and the field manager: "replicaset-controller". */
  readonly name: string
  /** The component its events come from, where upstream has another name for it there. @default its name */
  readonly eventSource?: string
  readonly watches: readonly WatchSource[]
  /**
   * For what is not known when the controller is written: watches more resources while it runs. Called once, before the
   * first key; `enqueue` asks for a key as a watch would.
   */
  readonly attach?: (enqueue: (key: ObjectKey) => void, context: AttachContext) => void
  /** Keys reconciled at the same time. @default 5 */
  readonly workers?: number
  /** How long a key that failed waits, and at most after it failed again and again. @default 5 ms doubling to 1000 s */
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number }
  /**
   * How long a key is left alone after it was reconciled. Where many things change one object's status (ten pods of a
   * ReplicaSet become ready one after the other), most of them are told in one write; a first change never waits.
   *
   * @default 0
   */
  readonly restMs?: number
  reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result>
}

export interface WatchSource<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>
  /** The keys to reconcile when `object` changed; for a change it is asked of the old and the new state. */
  readonly keys: (object: T, cache: Cache) => readonly ObjectKey[]
  /** Changes that wake nobody: what the controller reads of the object is the same before and after. */
  readonly ignores?: (current: T, previous: T) => boolean
  /** Named functions for `cache.byIndex`. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>
}

export interface AttachContext {
  readonly informers: Informers
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

export interface ReconcileContext {
  readonly client: Client
  readonly cache: Cache
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly events: EventRecorder
  readonly signal: AbortSignal
}

/** What is left to do. A thrown error is retried with back-off, a TerminalError is logged and not retried. */
export type Result = { readonly done: true } | { readonly requeueAfterMs: number }

export const done: Result = { done: true }

export function requeueAfter(requeueAfterMs: number): Result {
  return { requeueAfterMs }
}

/** Trying again cannot help before the object changes. */
export class TerminalError extends Error {
  override readonly name = "TerminalError"
}

/** Helps inference in a list of sources of different kinds. */
export function watch<T extends KubeObject>(
  resource: Resource<T>,
  keys: WatchSource<T>["keys"],
  indexes?: WatchSource<T>["indexes"],
  ignores?: WatchSource<T>["ignores"],
): WatchSource {
  return { resource, keys, indexes, ignores } as unknown as WatchSource
}
