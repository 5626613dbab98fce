import type { KubeObject } from "../apimachinery/meta.ts"

/**
 * Tells people what a component did to an object, as `kubectl describe` shows it. Never waits and never fails the
 * caller; equal events are counted together and a talkative source is throttled, as upstream's correlator does.
 */
export interface EventRecorder {
  event(
    about: KubeObject | ObjectReference,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    annotations?: Readonly<Record<string, string>>,
  ): void
}

export interface ObjectReference {
  readonly apiVersion?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly uid?: string
  readonly resourceVersion?: string
  /** "spec.containers{web}" */
  readonly fieldPath?: string
}
