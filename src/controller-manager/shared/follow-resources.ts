import { onAbort } from "../../base/on-abort.ts"
import { sleep } from "../../base/clock.ts"
import { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"
import type { AttachContext } from "../../client/controller.ts"
import type { Informer } from "../../client/informer.ts"
import type { Discovered } from "../../client/discover-resources.ts"
import { resourceKey } from "../../api/discovery.ts"

/** They belong to nobody, and there are many. */
const ignored = new Set(["events", "events.events.k8s.io"])
const rediscoverMs = 30_000

export interface FollowOptions {
  readonly discover: () => Promise<Discovered>
  readonly onChange: (
    resource: Resource,
    current: KubeObject | undefined,
    previous: KubeObject | undefined,
  ) => void
  /** Every resource known so far has told all its objects. */
  readonly onSynced: () => void
}

interface Followed {
  readonly resource: Resource
  readonly informer: Informer<KubeObject>
  readonly unfollow: () => void
}

/**
 * Follows all resources that there are, custom ones as they come and go: discovery is asked every 30 s and soon after a
 * CustomResourceDefinition changed. Gives the resources known at the time of asking.
 */
export function followResources(context: AttachContext, options: FollowOptions): () => readonly Resource[] {
  const { informers, clock, signal, log } = context
  const followed = new Map<string, Followed>()
  let all: readonly Resource[] = []
  let wake = new AbortController()
  informers.onChange(CustomResourceDefinition, () => wake.abort())

  async function refresh(): Promise<void> {
    const { resources, stale } = await options.discover()
    all = resources
    const wanted = new Map(
      resources.filter(isFollowable).map((resource) => [resourceKey(resource), resource]),
    )
    for (const [key, resource] of wanted) follow(key, resource)
    // A group that cannot be asked just now is not one that has gone.
    if (stale.length > 0) return
    for (const [key, known] of followed) if (!wanted.has(key)) forget(key, known)
  }

  function follow(key: string, resource: Resource): void {
    const informer = informers.for(resource)
    const known = followed.get(key)
    if (known?.informer === informer) return
    if (known) forget(key, known)
    const unfollow = informer.onChange((current, previous) => options.onChange(resource, current, previous))
    followed.set(key, { resource, informer, unfollow })
  }

  /** Its informer may be gone already, or be another one by now: controllers that follow everything share informers. */
  function forget(key: string, { resource, informer, unfollow }: Followed): void {
    for (const object of informer.objects.list()) options.onChange(resource, undefined, object)
    unfollow()
    followed.delete(key)
    if (informers.has(resource) && informers.for(resource) === informer) informers.remove(resource)
  }

  async function run(): Promise<void> {
    let synced = false
    while (!signal.aborted) {
      wake = new AbortController()
      try {
        await refresh()
        if (!synced) {
          await informers.synced()
          synced = true
          options.onSynced()
        }
      } catch (error) {
        log.error("discovery failed", { error })
      }
      const forget = onAbort(signal, () => wake.abort())
      await sleep(clock, rediscoverMs, wake.signal)
      forget()
      // A definition is served a moment after it changed.
      if (!signal.aborted) await sleep(clock, 100)
    }
  }

  void run()
  return () => all
}

function isFollowable(resource: Resource): boolean {
  const { verbs } = resource
  return (
    ["list", "watch", "delete"].every((verb) => verbs.includes(verb as never)) &&
    !ignored.has(groupResource(resource))
  )
}
