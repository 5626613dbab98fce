import { formatKey, type KubeObject, type ObjectKey } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import { isStatusError } from "../apimachinery/status-error.ts"
import type { Client, WriteOptions } from "./client.ts"
import type { Informers } from "./informers.ts"

/**
 * What a reconciler wrote, and how to wait until the cache shows it. Only resources that are watched count: of others the
 * cache shows nothing anyway.
 *
 * A write that left an object behind is there once the informer has reached its resource version. A deletion that left
 * nothing has no version to wait for: it is there once the object with that uid is gone from the cache. The same holds
 * for an object that the server no longer has although the cache still shows it.
 */
export class TrackedWrites {
  readonly client: Client
  readonly #informers: Informers
  readonly #versions = new Map<Resource, string>()
  readonly #gone: { resource: Resource; key: ObjectKey; uid: string }[] = []

  constructor(client: Client, informers: Informers) {
    this.#informers = informers
    this.client = this.#wrap(client)
  }

  /** True when the cache already shows every write. */
  get visible(): boolean {
    for (const [resource, version] of this.#versions)
      if (!this.#informers.for(resource).hasReached(version)) return false
    return this.#gone.every(({ resource, key, uid }) => this.#cachedUid(resource, key) !== uid)
  }

  /** Resolves when the cache shows every write. */
  async becameVisible(): Promise<void> {
    for (const [resource, version] of this.#versions) await this.#informers.reached(resource, version)
    for (const { resource, key, uid } of this.#gone) await this.#informers.for(resource).forgotten(key, uid)
  }

  #wrap(client: Client): Client {
    return {
      ...client,
      create: (resource, object, options) =>
        this.#written(resource, options, client.create(resource, object, options)),
      update: (resource, object, options) =>
        this.#written(resource, options, client.update(resource, object, options)),
      updateStatus: (resource, object, options) =>
        this.#written(resource, options, client.updateStatus(resource, object, options)),
      patch: (resource, key, patch, options) =>
        this.#written(resource, options, client.patch(resource, key, patch, options)),
      delete: (resource, key, options) =>
        this.#deleted(resource, key, options, client.delete(resource, key, options)),
    }
  }

  async #written<T extends KubeObject>(
    resource: Resource<T>,
    options: WriteOptions | undefined,
    result: Promise<T>,
  ): Promise<T> {
    const object = await result
    if (options?.dryRun || !this.#informers.has(resource)) return object
    this.#expect(resource, object.metadata.resourceVersion)
    return object
  }

  async #deleted(
    resource: Resource,
    key: ObjectKey,
    options: { dryRun?: boolean } | undefined,
    result: Promise<unknown>,
  ): Promise<unknown> {
    if (options?.dryRun || !this.#informers.has(resource)) return result
    const cachedUid = this.#cachedUid(resource, key)
    try {
      const answer = (await result) as Partial<KubeObject> & { details?: { uid?: string } }
      if (answer.kind === "Status") this.#expectGone(resource, key, answer.details?.uid ?? cachedUid)
      else if (answer.metadata?.resourceVersion) this.#expect(resource, answer.metadata.resourceVersion)
      return answer
    } catch (error) {
      if (isStatusError(error, "NotFound")) this.#expectGone(resource, key, cachedUid)
      throw error
    }
  }

  #expect(resource: Resource, resourceVersion: string): void {
    const known = this.#versions.get(resource)
    if (known === undefined || Number(resourceVersion) > Number(known))
      this.#versions.set(resource, resourceVersion)
  }

  #expectGone(resource: Resource, key: ObjectKey, uid: string | undefined): void {
    if (uid) this.#gone.push({ resource, key, uid })
  }

  #cachedUid(resource: Resource, key: ObjectKey): string | undefined {
    return this.#informers.cache.find(resource, key)?.metadata.uid
  }

  /** For the log, when the cache does not catch up. */
  describe(): string {
    const versions = Array.from(this.#versions, ([resource, version]) => `${resource.plural}@${version}`)
    const gone = this.#gone.map(({ resource, key }) => `${resource.plural} ${formatKey(key)} gone`)
    return [...versions, ...gone].join(", ")
  }
}
