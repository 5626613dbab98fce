import type { Draft, KubeList, KubeObject, ObjectKey } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"

/**
 * The only road between components. Everything read is frozen and shared: copy (`structuredClone`, spread) before
 * changing. Failures are StatusErrors, or ConnectionErrors (transport.ts) when there was no answer.
 *
 * @example
 * const deployment = await client.get(Deployment, { namespace: "default", name: "web" })
 * await client.update(Deployment, { ...deployment, spec: { ...deployment.spec, paused: true } })
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: GetOptions): Promise<T>
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<KubeList<T>>
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options?: WatchOptions,
  ): Promise<AsyncIterable<WatchEvent<T>>>
  /** The object's namespace and name say where; `options.subresource` needs `options.name` (binding, eviction, token). */
  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<T>
  /** Posts a body of another kind to a subresource: `createSubresource(Pod, key, "binding", body)`. */
  createSubresource<R = unknown>(
    resource: Resource,
    key: ObjectKey,
    subresource: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<R>
  /** Replaces it; fails with Conflict unless metadata.resourceVersion is the current one (or absent). */
  update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: WriteOptions & { subresource?: string },
  ): Promise<T>
  /** Replaces its status only. */
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>
  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options?: WriteOptions & { subresource?: string },
  ): Promise<T>
  /** Gives the object if it still exists with finalizers or a grace period, else a Status. */
  delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options?: DeleteOptions,
  ): Promise<unknown>
  deleteCollection<T extends KubeObject>(
    resource: Resource<T>,
    options?: ListOptions & DeleteOptions,
  ): Promise<void>
}

export type Patch =
  | { readonly type: "json"; readonly body: readonly unknown[] }
  | { readonly type: "merge"; readonly body: unknown }
  | { readonly type: "strategic"; readonly body: unknown }
  | { readonly type: "apply"; readonly body: unknown; readonly force?: boolean }

export interface GetOptions {
  readonly resourceVersion?: string
  readonly subresource?: string
  readonly signal?: AbortSignal
}

export interface ListOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan"
  readonly limit?: number
  readonly continue?: string
  readonly signal?: AbortSignal
}

export interface WatchOptions extends ListOptions {
  readonly allowBookmarks?: boolean
  readonly sendInitialEvents?: boolean
  readonly timeoutSeconds?: number
}

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"
  readonly object: T
}

export interface WriteOptions {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore"
  readonly signal?: AbortSignal
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan"
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
}
