import type { Pod } from "../../src/api/core/v1/pod.ts"
import type { Change, Observed } from "../world/history.ts"

/**
 * Watches over one promise. Checkers know nothing of the components: they see the store, and what runs on the machines.
 */
export interface Checker {
  readonly name: string
  /** Called for every change, after it. Gives what is wrong. */
  readonly observe?: (change: Change, objects: Observed) => string | undefined
  readonly started?: (machine: string, pod: Pod) => string | undefined
  readonly stopped?: (machine: string, pod: Pod) => void
  /** Somebody who is no controller is about to take pods away, and has. */
  readonly disturbing?: () => void
  readonly disturbed?: (atMs: number) => void
  /** Evictions are what it watches over: they do not disturb it. */
  readonly evicting?: true
  /** Called once, when everything has come to rest. */
  readonly atRest?: (objects: Observed) => string | undefined
}

export function isOver({ status }: Pod): boolean {
  return status.phase === "Succeeded" || status.phase === "Failed"
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false
}

export function nameOf({
  metadata,
}: {
  readonly metadata: { readonly namespace?: string; readonly name: string }
}) {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name
}
