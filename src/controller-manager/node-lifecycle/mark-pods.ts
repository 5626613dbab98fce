import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { isReady } from "../shared/pods.ts"

/** Takes a node's pods out of service: their Ready condition becomes False. */
export async function markPodsNotReady(
  { client, cache, clock, events }: ReconcileContext,
  nodeName: string,
): Promise<void> {
  for (const pod of cache.byIndex(Pod, "node", nodeName)) {
    if (!isReady(pod)) continue
    const condition = { type: "Ready", status: "False", lastTransitionTime: formatTime(clock.now()) }
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } }
    await client
      .patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status" })
      .catch(ignoreNotFound)
    events.event(pod, "Warning", "NodeNotReady", "Node is not ready")
  }
}
