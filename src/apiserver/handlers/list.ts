import { type FieldError, formatFieldError } from "../../apimachinery/field-error.ts"
import type { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest, expired } from "../../apimachinery/status-errors.ts"
import { CompactedError, FutureRevisionError, prefixEnd } from "../../etcd/store.ts"
import { respondList } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import { prepareObjects } from "../registry/versions.ts"
import type { ResourceRequest } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { isInScope, matches, type WatchScope } from "../watch-cache/watcher.ts"
import { decodeContinue, encodeContinue } from "./continue-token.ts"
import { ensureFresh, resourceVersionTooLarge } from "./freshness.ts"
import { type ListOptions, parseListOptions, parseRevision } from "./list-options.ts"
import { scopeOf, selectsByPlaceOnly } from "./selection.ts"

/** A stretch of the objects of a resource as they were at one revision. */
export interface ListPage {
  readonly revision: number
  readonly items: readonly StoredObject[]
  readonly continueToken?: string
  readonly remainingItemCount?: number
}

export async function list(request: ResourceRequest): Promise<ServerResponse> {
  const { context, served, namespace } = request
  const options = parseListOptions(context.request.query, false)
  const scope = scopeOf(served, namespace, "", options)
  const page = await readPage(request, options, scope)
  return respondList(request, page)
}

export async function readPage(
  request: ResourceRequest,
  options: ListOptions,
  scope: WatchScope,
): Promise<ListPage> {
  if (options.continueToken !== "") {
    const { revision, after: within } = decodeContinue(options.continueToken)
    const after = placeOf(request) + within
    if (options.resourceVersion !== "" && options.resourceVersion !== "0") {
      throw badRequest("specifying resource version is not allowed when using continue")
    }
    if (revision > 0 && revision < request.context.server.compactor.pagesFrom)
      throw inconsistentContinue(request, after)
    return readPast(request, options, scope, revision, after)
  }
  const asked =
    options.resourceVersion === "" ? undefined : parseRevision(options.resourceVersion, unreadable)
  // A page of a version, without saying how to match, has always meant exactly that version.
  const isExact =
    options.resourceVersionMatch === "Exact" ||
    (options.limit > 0 && asked !== undefined && asked > 0 && options.resourceVersionMatch === "")
  if (isExact && asked) return readPast(request, options, scope, asked, "")
  const revision = await ensureFresh(request.context, asked)
  // Whoever takes any version gets all of it, as from upstream's cache.
  return readPresent(request, asked === 0 ? { ...options, limit: 0 } : options, scope, revision)
}

/** From memory, as things are now. */
async function readPresent(
  request: ResourceRequest,
  { limit }: ListOptions,
  scope: WatchScope,
  revision: number,
): Promise<ListPage> {
  const { served } = request
  const { cache, storage } = served.registry
  const { storage: metrics } = request.context.server.metrics
  const all =
    scope.namespace !== undefined && scope.name !== undefined
      ? one(cache.find(`${scope.namespace}/${scope.name}`))
      : cache.list(scope.namespace)
  if (limit <= 0 && selectsByPlaceOnly(scope)) {
    metrics.listed(storage, all.length, all.length)
    return { revision, items: all }
  }
  const isSelected = await selector(request, scope, all)
  const items: StoredObject[] = []
  for (let index = 0; index < all.length; index++) {
    const stored = all[index]!
    if (!isSelected(stored)) continue
    if (limit > 0 && items.length === limit) {
      metrics.listed(storage, index, limit)
      return {
        revision,
        items,
        continueToken: tokenAfter(request, revision, items[items.length - 1]!.key),
        ...(selectsByPlaceOnly(scope) && { remainingItemCount: all.length - limit }),
      }
    }
    items.push(stored)
  }
  metrics.listed(storage, all.length, items.length)
  return { revision, items }
}

/** What the scope says of these states, once those are converted that cannot be judged otherwise. */
async function selector(
  { served, context }: ResourceRequest,
  scope: WatchScope,
  states: readonly StoredObject[],
): Promise<(stored: StoredObject) => boolean> {
  const atOnce = (stored: StoredObject) => isInScope(stored.key, scope) && matches(stored, scope)
  const { matchesLate } = scope
  if (!matchesLate) return atOnce
  await prepareObjects(served, states.filter(atOnce), context.signal)
  return (stored) => atOnce(stored) && matchesLate(stored)
}

const one = (stored: StoredObject | undefined) => (stored ? [stored] : [])

/**
 * From the store's history, as things were at `revision`; -1 is now, for going on where a version has been forgotten.
 * Objects that have not changed since come from memory with all their encodings.
 */
async function readPast(
  request: ResourceRequest,
  { limit }: ListOptions,
  scope: WatchScope,
  revision: number,
  after: string,
): Promise<ListPage> {
  const { served, context } = request
  const { registry } = served
  const prefix = registry.cache.prefix + (scope.namespace === undefined ? "" : `${scope.namespace}/`)
  const items: StoredObject[] = []
  let key = after === "" ? prefix : `${registry.cache.prefix}${after}\0`
  let at = revision
  for (;;) {
    const range = await context.server.store
      .range({
        key,
        rangeEnd: prefixEnd(prefix),
        ...(at > 0 && { revision: at }),
        ...(limit > 0 && { limit }),
      })
      .catch((error: unknown) => {
        throw rangeFailure(request, error, at, after)
      })
    if (at <= 0) at = range.revision
    const states = range.kvs.map((kv) => registry.revive(kv))
    const isSelected = await selector(request, scope, states)
    for (const [index, stored] of states.entries()) {
      if (!isSelected(stored)) continue
      items.push(stored)
      if (limit <= 0 || items.length < limit) continue
      const remaining = range.count - index - 1
      if (remaining <= 0) return { revision: at, items }
      return {
        revision: at,
        items,
        continueToken: tokenAfter(request, at, stored.key),
        ...(selectsByPlaceOnly(scope) && { remainingItemCount: remaining }),
      }
    }
    const last = range.kvs[range.kvs.length - 1]
    if (!range.more || !last) return { revision: at, items }
    key = `${last.key}\0`
  }
}

/** Keys in tokens are told from the place on that the path names. */
function placeOf({ namespace }: ResourceRequest): string {
  return namespace === "" ? "" : `${namespace}/`
}

function tokenAfter(request: ResourceRequest, revision: number, key: string): string {
  return encodeContinue(revision, key.slice(placeOf(request).length))
}

function unreadable(why: FieldError): StatusError {
  return badRequest(`invalid resource version: ${formatFieldError(why)}`)
}

function rangeFailure(request: ResourceRequest, error: unknown, revision: number, after: string): unknown {
  if (error instanceof FutureRevisionError)
    return resourceVersionTooLarge(revision, request.context.server.mirror.revision, 0)
  if (!(error instanceof CompactedError)) return error
  if (after === "") return expired("The resourceVersion for the provided list is too old.")
  return inconsistentContinue(request, after)
}

/** The client may go on at this place in the present state, or start over. */
function inconsistentContinue(request: ResourceRequest, after: string): StatusError {
  const token = tokenAfter(request, -1, after)
  const error = expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
  )
  return Object.assign(error, { listContinue: token })
}
