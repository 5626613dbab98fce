import { Pod, type PodCondition } from "../../api/core/v1/pod.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { ReconcileContext } from "../../client/controller.ts"

type Disruption = Omit<PodCondition, "lastProbeTime">
type Said = Pick<PodCondition, "reason" | "message" | "observedGeneration">

/** The condition by which whoever looks at a pod's end (a Job, say) can tell that it was disrupted, and why. */
export function disruptionTarget(said: Said, nowMs: number): Disruption {
  return { type: "DisruptionTarget", status: "True", ...said, lastTransitionTime: formatTime(nowMs) }
}

/** Says `last` in the pod's status, if anything, then deletes it. False: it went by itself meanwhile. */
export async function disruptPod(
  { client }: Pick<ReconcileContext, "client">,
  pod: Pod,
  last: { readonly phase?: string; readonly conditions?: readonly Disruption[] } | undefined,
  options: { readonly gracePeriodSeconds?: number } = {},
): Promise<boolean> {
  const { uid } = pod.metadata
  try {
    if (last) {
      const body = { metadata: { uid }, status: last }
      await client.patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status" })
    }
    await client.delete(Pod, keyOf(pod), { ...options, preconditions: { uid } })
    return true
  } catch (error) {
    // Gone, or gone and followed by another of the same name.
    if (isStatusError(error, "NotFound", "Conflict")) return false
    throw error
  }
}
