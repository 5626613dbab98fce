import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { Change, Plugin } from "./framework.ts"
import { isTerminated, podInfo } from "./pod-info.ts"
import type { SchedulerParts } from "./scheduler-parts.ts"

/** Keeps view, queue and nominations in step with what the informers tell. */
export function followCluster(
  parts: SchedulerParts,
  plugins: Iterable<Plugin>,
  schedulerNames: ReadonlySet<string>,
): void {
  const { informers, view, queue } = parts
  const changed = <T extends KubeObject>(
    resource: Resource,
    current: T | undefined,
    previous: T | undefined,
  ) => {
    if (!current && !previous) return
    const change: Change = current ? (previous ? "update" : "add") : "delete"
    queue.onChange<KubeObject>(resource, change, current, previous)
  }
  informers.onChange(Node, (current, previous) => {
    if (current) view.setNode(current)
    else view.deleteNode(previous!.metadata.name)
    changed(Node, current, previous)
  })
  informers.onChange(Pod, (current, previous) => {
    followPod(parts, schedulerNames, changed, current, previous)
  })
  for (const resource of hintedResources(plugins)) {
    if (resource === Pod || resource === Node) continue
    informers.onChange(resource, (current, previous) => changed(resource, current, previous))
  }
}

function hintedResources(plugins: Iterable<Plugin>): ReadonlySet<Resource> {
  const resources = Array.from(plugins).flatMap(({ hints = [] }) => hints.map(({ resource }) => resource))
  return new Set<Resource>(resources as never)
}

/** A pod is either waiting for a node, and ours; or on one, and concerns the view; or over. */
function followPod(
  parts: SchedulerParts,
  schedulerNames: ReadonlySet<string>,
  changed: (resource: Resource, current?: Pod, previous?: Pod) => void,
  current: Pod | undefined,
  previous: Pod | undefined,
): void {
  const { view, queue, nominations } = parts
  const { uid } = (current ?? previous)!.metadata
  if (current && previous && previous.metadata.uid !== uid)
    return [
      [undefined, previous],
      [current, undefined],
    ].forEach(([now, before]) => followPod(parts, schedulerNames, changed, now, before))
  if (!current || isTerminated(current) || current.spec.nodeName) {
    queue.delete(uid)
    nominations.delete(uid)
  } else if (schedulerNames.has(current.spec.schedulerName || "default-scheduler")) {
    // One that has its place counts there; what it says of itself meanwhile is for others.
    if (!view.isPlaced(uid)) nominations.follow(podInfo(current))
    // Told before it waits, so that it does not wake itself.
    if (!previous) queue.onChange(Pod, "appear", current)
    queue.set(podInfo(current))
  }
  const onNode = (pod: Pod | undefined) => (pod?.spec.nodeName && !isTerminated(pod) ? pod : undefined)
  if (onNode(current)) view.setPod(current!)
  else if (!current || isTerminated(current)) view.deletePod(uid)
  changed(Pod, onNode(current), onNode(previous))
}
