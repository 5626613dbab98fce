import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { ReconcileContext } from "../../client/controller.ts"

/** Says why in a condition, then deletes. False: it had gone, or was going, by itself. */
export async function evict({ client, clock, events }: ReconcileContext, pod: Pod): Promise<boolean> {
  const { uid } = pod.metadata
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByDeviceTaintManager",
    message: "Device Taint manager: deleting due to NoExecute taint",
    lastTransitionTime: formatTime(clock.now()),
  }
  try {
    const now = await client.get(Pod, keyOf(pod))
    if (now.metadata.uid !== uid || now.metadata.deletionTimestamp) return false
    events.event(pod, "Normal", "DeviceTaintManagerEviction", "Marking for deletion")
    const body = { metadata: { uid }, status: { conditions: [condition] } }
    await client.patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status" })
    await client.delete(Pod, keyOf(pod), { preconditions: { uid } })
    return true
  } catch (error) {
    if (isStatusError(error, "NotFound", "Conflict")) return false
    throw error
  }
}
