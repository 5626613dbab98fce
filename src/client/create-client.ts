import type { Draft, KubeList, KubeObject, ObjectKey } from "../apimachinery/meta.ts"
import { type Resource, resourcePath } from "../apimachinery/resource.ts"
import type {
  Client,
  DeleteOptions,
  GetOptions,
  ListOptions,
  Patch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts"
import type { ApiRequest, Transport } from "./transport.ts"

export interface ClientOptions {
  /** Who owns the fields it writes, unless a write says otherwise. @default what the server makes of the user agent */
  readonly fieldManager?: string
  /** As the server's audit log and metrics name the caller: "kube-scheduler/v1.36.0". */
  readonly userAgent?: string
}

type Query = Record<string, string>

const patchTypes: Readonly<Record<Patch["type"], string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
}

/** The typed client over any transport. It holds no state: make as many as there are names to write under. */
export function createClient(transport: Transport, options: ClientOptions = {}): Client {
  const userAgent = options.userAgent ? { "user-agent": options.userAgent } : undefined

  async function send<R>(
    method: ApiRequest["method"],
    path: string,
    parts: Pick<ApiRequest, "query" | "body" | "signal" | "headers">,
  ): Promise<R> {
    const { signal, headers, ...rest } = parts
    const allHeaders = userAgent || headers ? { ...userAgent, ...headers } : undefined
    const request = { method, path, ...rest, ...(allHeaders && { headers: allHeaders }) }
    return (await transport.request(signal ? { ...request, signal } : request)).body as R
  }

  /** The parts that every write has. */
  function writing(writeOptions: WriteOptions | undefined) {
    const query = writeQuery(options.fieldManager, writeOptions)
    return writeOptions?.signal ? { query, signal: writeOptions.signal } : { query }
  }

  return {
    async get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, getOptions: GetOptions = {}) {
      const { subresource, resourceVersion } = getOptions
      const query: Query = resourceVersion === undefined ? {} : { resourceVersion }
      const body = await send<T>("GET", objectPath(resource, key, subresource), {
        query,
        ...signalOf(getOptions),
      })
      return subresource ? body : withKind(resource, body)
    },

    async list<T extends KubeObject>(resource: Resource<T>, listOptions: ListOptions = {}) {
      const path = resourcePath(resource, { namespace: listOptions.namespace })
      const parts = { query: listQuery(listOptions), ...signalOf(listOptions) }
      const list = await send<KubeList<T>>("GET", path, parts)
      return { ...list, items: (list.items ?? []).map((item) => withKind(resource, item)) }
    },

    async watch<T extends KubeObject>(resource: Resource<T>, watchOptions: WatchOptions = {}) {
      const events = await transport.watch({
        method: "GET",
        path: resourcePath(resource, { namespace: watchOptions.namespace }),
        query: watchQuery(watchOptions),
        ...(userAgent && { headers: userAgent }),
        ...signalOf(watchOptions),
      })
      return events as AsyncIterable<WatchEvent<T>>
    },

    create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>, writeOptions?: WriteOptions) {
      const { namespace } = (object as Partial<KubeObject>).metadata ?? {}
      const path = resourcePath(resource, { namespace: resource.namespaced ? namespace : undefined })
      return send<T>("POST", path, { ...writing(writeOptions), body: withKind(resource, object as object) })
    },

    createSubresource<R>(
      resource: Resource,
      key: ObjectKey,
      subresource: string,
      body: unknown,
      writeOptions?: WriteOptions,
    ) {
      return send<R>("POST", objectPath(resource, key, subresource), { ...writing(writeOptions), body })
    },

    update<T extends KubeObject>(
      resource: Resource<T>,
      object: T,
      updateOptions?: WriteOptions & { subresource?: string },
    ) {
      const parts = { ...writing(updateOptions), body: withKind(resource, object) }
      return send<T>("PUT", objectPath(resource, object.metadata, updateOptions?.subresource), parts)
    },

    updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, writeOptions?: WriteOptions) {
      const parts = { ...writing(writeOptions), body: withKind(resource, object) }
      return send<T>("PUT", objectPath(resource, object.metadata, "status"), parts)
    },

    patch<T extends KubeObject>(
      resource: Resource<T>,
      key: ObjectKey,
      patch: Patch,
      patchOptions?: WriteOptions & { subresource?: string },
    ) {
      const parts = writing(patchOptions)
      if (patch.type === "apply" && patch.force) parts.query["force"] = "true"
      const headers = { "content-type": patchTypes[patch.type] }
      const path = objectPath(resource, key, patchOptions?.subresource)
      return send<T>("PATCH", path, { ...parts, headers, body: patch.body })
    },

    delete(resource: Resource, key: ObjectKey, deleteOptions: DeleteOptions = {}) {
      const parts = { body: deleteBody(deleteOptions), ...signalOf(deleteOptions) }
      return send("DELETE", objectPath(resource, key), parts)
    },

    async deleteCollection(resource: Resource, deleteOptions: ListOptions & DeleteOptions = {}) {
      const path = resourcePath(resource, { namespace: deleteOptions.namespace })
      const body = deleteBody(deleteOptions)
      await send("DELETE", path, { query: listQuery(deleteOptions), body, ...signalOf(deleteOptions) })
    },
  }
}

function objectPath(resource: Resource, key: ObjectKey, subresource?: string): string {
  const namespace = resource.namespaced ? key.namespace : undefined
  return resourcePath(resource, { namespace, name: key.name, subresource })
}

/** Items of a list travel without kind; objects that have it (all, in-process) are passed on untouched. */
function withKind<T extends object>(
  resource: Resource,
  object: T & { kind?: unknown; apiVersion?: unknown },
): T {
  if (object.kind && object.apiVersion) return object
  const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version
  return { apiVersion, kind: resource.kind, ...object }
}

function signalOf(options: { readonly signal?: AbortSignal } | undefined): { signal?: AbortSignal } {
  return options?.signal ? { signal: options.signal } : {}
}

function listQuery(options: ListOptions): Query {
  const query: Query = {}
  if (options.labelSelector) query["labelSelector"] = options.labelSelector
  if (options.fieldSelector) query["fieldSelector"] = options.fieldSelector
  if (options.resourceVersion !== undefined) query["resourceVersion"] = options.resourceVersion
  if (options.resourceVersionMatch) query["resourceVersionMatch"] = options.resourceVersionMatch
  if (options.limit !== undefined) query["limit"] = String(options.limit)
  if (options.continue) query["continue"] = options.continue
  return query
}

function watchQuery(options: WatchOptions): Query {
  const query = listQuery(options)
  query["watch"] = "true"
  if (options.allowBookmarks) query["allowWatchBookmarks"] = "true"
  if (options.sendInitialEvents !== undefined) query["sendInitialEvents"] = String(options.sendInitialEvents)
  if (options.timeoutSeconds !== undefined) query["timeoutSeconds"] = String(options.timeoutSeconds)
  return query
}

function writeQuery(fieldManager: string | undefined, options: WriteOptions = {}): Query {
  const query: Query = {}
  const manager = options.fieldManager ?? fieldManager
  if (manager) query["fieldManager"] = manager
  if (options.dryRun) query["dryRun"] = "All"
  if (options.fieldValidation) query["fieldValidation"] = options.fieldValidation
  return query
}

function deleteBody(options: DeleteOptions): unknown {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy && { propagationPolicy }),
    ...(preconditions && { preconditions }),
    ...(dryRun && { dryRun: ["All"] }),
  }
}
