import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { DeleteOptions } from "../handlers/delete-options.ts"
import { checkDeletePreconditions } from "../registry/deletion.ts"
import { objectAs } from "../registry/versions.ts"
import { keyOf, type ResourceRequest } from "../resource-request.ts"

/**
 * Says on the pod that it was evicted, before it is deleted: whoever sees its end (a Job, say) can tell that it was
 * disrupted. Gives the options for the deletion: where they name a version, the one that the pod has now.
 */
export async function markEvicted(request: ResourceRequest, deletion: DeleteOptions): Promise<DeleteOptions> {
  if (deletion.dryRun) return deletion
  const { context, served, name } = request
  const { server, signal } = context
  const now = formatTime(server.clock.now())
  const { stored } = await served.registry.change(
    keyOf(request),
    (current) => {
      if (!current) throw notFound(served.resource, name)
      const pod = objectAs(served, current) as unknown as Pod
      checkDeletePreconditions(served, pod, deletion)
      return { kind: "put", object: withEviction(pod, now) as unknown as KubeObject }
    },
    { signal },
  )
  const { preconditions } = deletion
  if (preconditions?.resourceVersion === undefined) return deletion
  const { resourceVersion } = objectAs(served, stored).metadata
  return { ...deletion, preconditions: { ...preconditions, resourceVersion } }
}

function withEviction(pod: Pod, now: string): Pod {
  const condition = {
    type: "DisruptionTarget",
    lastProbeTime: null as never,
    status: "True",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
  }
  const { conditions = [] } = pod.status
  const before = conditions.find(({ type }) => type === condition.type)
  const lastTransitionTime = before?.status === "True" ? before.lastTransitionTime : now
  const others = conditions.filter((each) => each !== before)
  return { ...pod, status: { ...pod.status, conditions: [...others, { ...condition, lastTransitionTime }] } }
}
