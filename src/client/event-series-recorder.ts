import type { KubeObject } from "../apimachinery/meta.ts"
import type { ObjectReference } from "./event-recorder.ts"

/** What a component did, to what, and on account of what else. */
export interface ActionEvent {
  readonly regarding: KubeObject | ObjectReference
  readonly related?: KubeObject | ObjectReference
  readonly type: "Normal" | "Warning"
  readonly reason: string
  /** What was being done: "Binding". */
  readonly action: string
  /** For people; of the first of a series it is kept. At most 1024 bytes. */
  readonly note: string
}

/**
 * Tells people what a component did, as events.k8s.io/v1 has it: what is done again to the same state of an object for the
 * same reason is a series, of which the first, the second and the last are written. Never waits and never fails the caller.
 */
export interface EventSeriesRecorder {
  record(event: ActionEvent): void
}
