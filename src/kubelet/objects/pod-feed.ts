import { orAborted } from "../../base/on-abort.ts"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Client } from "../../client/client.ts"
import { Informer } from "../../client/informer.ts"

/** Tells a kubelet of the pods that are bound to its node. */
export interface PodFeed {
  /**
   * Resolves to all of them as they are first known; from then on `changed` and `removed` are called, until `signal`
   * aborts. A pod that was deleted and made again with the same name is removed first.
   */
  follow(
    changed: (pod: Pod) => void,
    removed: (pod: Pod) => void,
    signal: AbortSignal,
  ): Promise<readonly Pod[]>
}

export interface PodWatchOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly nodeName: string
}

/** A feed by a watch that asks for this node's pods alone. */
export function watchPods({ nodeName, ...options }: PodWatchOptions): PodFeed {
  return {
    async follow(changed, removed, signal) {
      const scope = { fieldSelector: `spec.nodeName=${nodeName}` }
      const informer = new Informer<Pod>({ ...options, resource: Pod, scope })
      informer
        .run(signal)
        .catch((error: unknown) => options.log.error("pods are no longer followed", { error }))
      await orAborted(informer.synced, signal)
      const initial = [...informer.objects.values()]
      const known = new Set(initial)
      informer.onChange((pod, before) => {
        // A late handler is told of what is there: that was the answer.
        if (pod && known.delete(pod)) return
        tell(pod, before, { changed, removed })
      })
      return initial
    },
  }
}

/** One informer of all pods shared by many kubelets of one process: the index does what the server would. */
export function sharedPodFeed(informer: Informer<Pod>): (nodeName: string) => PodFeed {
  interface Follower {
    readonly changed: (pod: Pod) => void
    readonly removed: (pod: Pod) => void
  }
  const followers = new Map<string, Follower>()
  informer.objects.addIndex("nodeName", ({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
  informer.onChange((pod, before) => {
    const nodeName = (pod ?? before)?.spec.nodeName
    const follower = nodeName === undefined ? undefined : followers.get(nodeName)
    if (follower) tell(pod, before?.spec.nodeName === nodeName ? before : undefined, follower)
  })
  return (nodeName) => ({
    async follow(changed, removed, signal) {
      await orAborted(informer.synced, signal)
      followers.set(nodeName, { changed, removed })
      signal.addEventListener("abort", () => followers.delete(nodeName), { once: true })
      return informer.objects.byIndex("nodeName", nodeName)
    },
  })
}

function tell(
  pod: Pod | undefined,
  before: Pod | undefined,
  { changed, removed }: { changed: (pod: Pod) => void; removed: (pod: Pod) => void },
): void {
  if (before && before.metadata.uid !== pod?.metadata.uid) removed(before)
  if (pod) changed(pod)
}
