import { podContainers } from "./pod-containers.ts"
import type { PodState } from "./pod-state.ts"
import { newestContainer, type RuntimePod } from "./runtime-pod.ts"

/**
 * What the runtime has of a pod after its sandboxes, `stopped`, were stopped, where there is no need to ask: how its containers
 * ended was seen, and no start may have left what nobody saw. Undefined: ask. Pure.
 */
export function afterStop({ pod, runtime }: PodState, stopped: readonly string[]): RuntimePod | undefined {
  const isKnown = stopped.every((id) => runtime.sandboxes.some((sandbox) => sandbox.id === id))
  const haveEnded = podContainers(pod).every(
    ({ spec }) => newestContainer(runtime, spec.name)?.state === "exited",
  )
  if (!isKnown || !haveEnded) return undefined
  const sandboxes = runtime.sandboxes.filter(({ id }) => stopped.includes(id))
  return { ...runtime, sandboxes: sandboxes.map((sandbox) => ({ ...sandbox, ready: false })) }
}
