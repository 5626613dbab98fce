import { type Clock, sleep } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { formatGroupVersion, type KubeObject, type ObjectKey } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { Cache, CacheListOptions } from "./cache.ts"
import type { Client } from "./client.ts"
import type { IndexFunction } from "./indexed-objects.ts"
import { type ChangeHandler, Informer, type InformerScope } from "./informer.ts"

/**
 * One informer per resource, shared by everything in a process that reads it. Ask for all of them before `start`, or
 * later: a late one starts at once.
 */
export interface Informers {
  /** What they have seen. Reading a resource that nobody asked for is a mistake and throws. */
  readonly cache: Cache
  /** The informer of a resource, made on first use. */
  for<T extends KubeObject>(resource: Resource<T>): Informer<T>
  has(resource: Resource): boolean
  /** Calls `handler` for every change from now on, and for every object already here. Gives its removal. */
  onChange<T extends KubeObject>(resource: Resource<T>, handler: ChangeHandler<T>): () => void
  /** Names a function for `cache.byIndex`. */
  addIndex<T extends KubeObject>(resource: Resource<T>, name: string, of: IndexFunction<T>): void
  /** Lets them run until `signal` aborts. */
  start(signal: AbortSignal): void
  /** Resolves when every informer asked for so far has its whole collection. */
  synced(): Promise<void>
  /** Resolves when the cache holds every change of the resource up to this version: its writer's own, say. */
  reached(resource: Resource, resourceVersion: string): Promise<void>
  /** Stops following a resource (one whose definition was deleted) and forgets its objects. */
  remove(resource: Resource): void
}

export interface InformersOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Restricts what is asked for. @default everything, in all namespaces */
  readonly scope?: (resource: Resource) => InformerScope | undefined
  /** Of a resource that is not served there are no objects, until it is. @default everything is */
  readonly isServed?: (resource: Resource) => Promise<boolean>
}

/** How often a resource that is not served is looked for. */
const lookAgainMs = 30_000

interface Running {
  readonly resource: Resource
  readonly informer: Informer<KubeObject>
  readonly stop: AbortController
}

export function createInformers(options: InformersOptions): Informers {
  const all = new Map<string, Running>()
  let started = false

  function running(resource: Resource): Running {
    const id = identity(resource)
    let entry = all.get(id)
    if (!entry) {
      const scope = options.scope?.(resource)
      const informer = new Informer<KubeObject>({ ...options, resource, ...(scope && { scope }) } as never)
      entry = { informer, resource, stop: new AbortController() }
      all.set(id, entry)
      if (started) run(entry)
    }
    return entry
  }

  function run({ informer, resource, stop }: Running): void {
    void waitUntilServed(informer, resource, stop.signal).then(() => informer.run(stop.signal))
  }

  async function waitUntilServed(informer: Informer<KubeObject>, resource: Resource, signal: AbortSignal) {
    const { isServed, clock, log } = options
    if (!isServed) return
    // Who cannot be asked is taken to serve it: then the informer itself tells what is wrong.
    const look = () => isServed(resource).catch(() => true)
    if (await look()) return
    log.info("not served by this cluster: taken to be none", { resource: identity(resource) })
    informer.takeAsEmpty()
    do await sleep(clock, lookAgainMs, signal)
    while (!signal.aborted && !(await look()))
  }

  const informers: Informers = {
    cache: createCache((resource) => all.get(identity(resource))?.informer),
    for: <T extends KubeObject>(resource: Resource<T>) =>
      running(resource).informer as unknown as Informer<T>,
    has: (resource) => all.has(identity(resource)),
    onChange: (resource, handler) => informers.for(resource).onChange(handler),
    addIndex: (resource, name, of) => informers.for(resource).objects.addIndex(name, of),
    start(signal) {
      if (started || signal.aborted) return
      started = true
      signal.addEventListener("abort", () => all.forEach((entry) => entry.stop.abort()), { once: true })
      for (const entry of all.values()) run(entry)
    },
    async synced() {
      await Promise.all(Array.from(all.values(), (entry) => entry.informer.synced))
    },
    reached: (resource, resourceVersion) => running(resource).informer.reached(resourceVersion),
    remove(resource) {
      all.get(identity(resource))?.stop.abort()
      all.delete(identity(resource))
    },
  }
  return informers
}

type Finder = (resource: Resource) => Informer<KubeObject> | undefined

function createCache(findInformer: Finder): Cache {
  function objects<T extends KubeObject>(resource: Resource<T>): Informer<T>["objects"] {
    const informer = findInformer(resource)
    if (!informer) throw new Error(`no informer for ${identity(resource)}: name it among the watches`)
    return informer.objects as never
  }
  return {
    find: <T extends KubeObject>(resource: Resource<T>, key: ObjectKey) => objects(resource).find(key),
    list: <T extends KubeObject>(resource: Resource<T>, listOptions?: CacheListOptions<T>) =>
      objects(resource).list(listOptions),
    ownedBy: (resource, uid) => objects(resource).ownedBy(uid),
    byIndex: (resource, name, value) => objects(resource).byIndex(name, value),
  }
}

const identities = new WeakMap<Resource, string>()

/** "apps/v1/deployments"; remembered, because every read of the cache asks for it. */
function identity(resource: Resource): string {
  let known = identities.get(resource)
  if (!known) identities.set(resource, (known = `${formatGroupVersion(resource)}/${resource.plural}`))
  return known
}
