import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { onAbort } from "../../base/on-abort.ts"
import type { Random } from "../../base/random.ts"
import { formatKey, type KubeObject, type ObjectKey } from "../../apimachinery/meta.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import { Informer } from "../../client/informer.ts"

export interface NodeObjectsOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * The single objects that a node's pods refer to: ConfigMaps, Secrets. A kubelet may read only those (the API server's
 * node authorizer sees to it), so each is followed by a watch of its own for as long as somebody needs it.
 */
export class NodeObjects {
  readonly #options: NodeObjectsOptions
  readonly #followed = new Map<string, Followed>()

  constructor(options: NodeObjectsOptions) {
    this.#options = options
  }

  /** As it is now; undefined when there is none. Asks the server unless the object is followed. */
  async find<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): Promise<T | undefined> {
    const followed = this.#followed.get(idOf(resource, key))
    if (followed?.informer.hasSynced) return followed.informer.objects.find(key) as T | undefined
    return this.#options.client.get(resource, key).catch(ignoreNotFound)
  }

  /** Calls `changed` whenever the object is created, changed or deleted. Gives a function that ends it. */
  follow<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, changed: () => void): () => void {
    const id = idOf(resource, key)
    const followed = this.#followed.get(id) ?? this.#start(resource, key, id)
    followed.users++
    // A handler that comes late is told of what is there: that is no change.
    let isNew = true
    const unsubscribe = followed.informer.onChange(() => {
      if (!isNew) changed()
    })
    isNew = false
    return () => {
      unsubscribe()
      followed.users--
      if (followed.users > 0) return
      followed.stop.abort()
      this.#followed.delete(id)
    }
  }

  #start(resource: Resource, key: ObjectKey, id: string): Followed {
    const { signal, ...options } = this.#options
    const stop = new AbortController()
    onAbort(
      stop.signal,
      onAbort(signal, () => stop.abort()),
    )
    const scope = {
      ...(key.namespace && { namespace: key.namespace }),
      fieldSelector: `metadata.name=${key.name}`,
    }
    const informer = new Informer<KubeObject>({ ...options, resource, scope })
    const followed = { informer, stop, users: 0 }
    this.#followed.set(id, followed)
    informer
      .run(stop.signal)
      .catch((error: unknown) => this.#options.log.error("object is no longer followed", { id, error }))
    return followed
  }
}

interface Followed {
  readonly informer: Informer<KubeObject>
  readonly stop: AbortController
  users: number
}

function idOf(resource: Resource, key: ObjectKey): string {
  return `${groupResource(resource)}/${formatKey(key)}`
}
