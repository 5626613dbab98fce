import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { disruptionTarget, disruptPod } from "../shared/disrupt-pod.ts"

const why = {
  reason: "DeletionByDeviceTaintManager",
  message: "Device Taint manager: deleting due to NoExecute taint",
}

/** Says why in a condition, then deletes. False: it had gone, or was going, by itself. */
export async function evict(context: ReconcileContext, pod: Pod): Promise<boolean> {
  const { client, clock, events } = context
  const now = await client.get(Pod, keyOf(pod)).catch(ignoreNotFound)
  if (now?.metadata.uid !== pod.metadata.uid || now.metadata.deletionTimestamp) return false
  events.event(pod, "Normal", "DeviceTaintManagerEviction", "Marking for deletion")
  return disruptPod(context, pod, { conditions: [disruptionTarget(why, clock.now())] })
}
