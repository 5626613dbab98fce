import type { PodState } from "../pods/pod-state.ts"
import type { RuntimeContainer } from "../pods/runtime-pod.ts"

export interface UnusedRemains {
  /** Ended; nothing but their logs is lost with them. */
  readonly containers: readonly RuntimeContainer[]
  /** All of the pod's sandboxes too: nothing will run in them again. */
  readonly sandboxes: readonly string[]
}

const nothing: UnusedRemains = { containers: [], sandboxes: [] }

/**
 * What is kept of a pod for people alone, and may go when disks are full: everything of a pod that has ended, once the API
 * knows how it did, and of one that goes on, the ends of its containers but each one's last. Pure.
 */
export function findUnused({ stage, pod, runtime }: PodState): UnusedRemains {
  if (stage.kind === "syncing") return { ...nothing, containers: earlierEnds(runtime.containers) }
  const isTold = pod.status.phase === "Succeeded" || pod.status.phase === "Failed"
  if (stage.kind !== "finished" || !isTold) return nothing
  return { containers: runtime.containers, sandboxes: runtime.sandboxes.map(({ id }) => id) }
}

/** The newest come first. */
function earlierEnds(containers: readonly RuntimeContainer[]): RuntimeContainer[] {
  const ended = containers.filter(({ state }) => state === "exited")
  return ended.filter(({ name }, index) => ended.findIndex((each) => each.name === name) < index)
}
