import type { Pod } from "../../api/core/v1/pod.ts"
import type { Service } from "../../api/core/v1/service.ts"
import { formatKey, type ObjectKey } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { findPodCondition } from "../shared/pods.ts"

const annotation = "endpoints.kubernetes.io/last-change-trigger-time"

/**
 * When the change happened that makes us write: a pod's becoming ready or unready, the Service's creation. Proxies
 * measure by it how long a change took to arrive. Of several changes since the last write the first counts.
 */
export class TriggerTimes {
  readonly #seen = new Map<string, ReadonlyMap<string, number>>()

  next(service: Service, pods: readonly Pod[]): string | undefined {
    const id = `${service.metadata.namespace}/${service.metadata.name}`
    const before = this.#seen.get(id)
    const now = new Map(pods.map((pod) => [pod.metadata.uid, changedMs(pod)]))
    this.#seen.set(id, now)
    const changes = Array.from(now).filter(([uid, ms]) => ms !== undefined && before?.get(uid) !== ms)
    const times = changes.map(([, ms]) => ms)
    if (!before) times.push(Date.parse(service.metadata.creationTimestamp))
    return times.length > 0 ? formatTime(Math.min(...times)) : undefined
  }

  forget(key: ObjectKey): void {
    this.#seen.delete(formatKey(key))
  }
}

function changedMs(pod: Pod): number {
  const since = findPodCondition(pod, "Ready")?.lastTransitionTime
  return Date.parse(since || pod.metadata.creationTimestamp)
}

/** The object with the annotation set, or taken away when no time is known. */
export function withTriggerTime<T extends { metadata?: unknown }>(object: T, time: string | undefined): T {
  const metadata = object.metadata as { annotations?: Record<string, string> } | undefined
  const { [annotation]: _, ...others } = metadata?.annotations ?? {}
  const annotations = time === undefined ? others : { ...others, [annotation]: time }
  return { ...object, metadata: { ...metadata, annotations } }
}
