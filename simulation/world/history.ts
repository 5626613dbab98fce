import { parseJson } from "../../src/apimachinery/codec/json.ts"
import type { KubeObject } from "../../src/apimachinery/meta.ts"
import type { Store, StoreEvent } from "../../src/etcd/store.ts"

/** One change of one object, as the store has it. */
export interface Change {
  readonly revision: number
  /** As in the store's key: "pods", "deployments". */
  readonly resource: string
  readonly current: KubeObject | undefined
  readonly previous: KubeObject | undefined
  /** Of the simulated clock, from the beginning of the world. */
  readonly atMs: number
}

/** What is in the store now, as those who watch over it see it. */
export interface Observed {
  list<T extends KubeObject = KubeObject>(resource: string): readonly T[]
  find<T extends KubeObject = KubeObject>(resource: string, namespace: string, name: string): T | undefined
}

/** Follows the store itself, not the API: nothing can come between, and nothing is missed. */
export class History implements Observed {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #resources: ReadonlySet<string>
  readonly #onChange: (change: Omit<Change, "atMs">) => void
  lastRevision = 0

  /** Only what is of these resources is read. */
  constructor(resources: Iterable<string>, onChange: (change: Omit<Change, "atMs">) => void) {
    this.#resources = new Set(resources)
    this.#onChange = onChange
  }

  async follow(store: Store, signal: AbortSignal): Promise<void> {
    const watch = store.watch({ key: "/registry/", rangeEnd: "/registry0", startRevision: 1, signal })
    for await (const { events } of watch) for (const event of events) this.#apply(event)
  }

  list<T extends KubeObject>(resource: string): readonly T[] {
    return Array.from(this.#objects.get(resource)?.values() ?? []) as unknown as T[]
  }

  find<T extends KubeObject>(resource: string, namespace: string, name: string): T | undefined {
    return this.#objects.get(resource)?.get(`${namespace}/${name}`) as T | undefined
  }

  #apply({ type, kv }: StoreEvent): void {
    this.lastRevision = kv.modRevision
    const [, , first, ...rest] = kv.key.split("/")
    // "/registry/services/specs/default/web"
    const resource = first === "services" ? `services/${rest.shift()}` : first
    if (!resource || !this.#resources.has(resource)) return
    const objects = this.#objects.get(resource) ?? new Map<string, KubeObject>()
    this.#objects.set(resource, objects)
    const key = rest.length === 1 ? `/${rest[0]}` : rest.join("/")
    const previous = objects.get(key)
    const current = type === "put" ? (parseJson(kv.value) as KubeObject) : undefined
    if (current) objects.set(key, current)
    else objects.delete(key)
    this.#onChange({ revision: kv.modRevision, resource, current, previous })
  }
}
