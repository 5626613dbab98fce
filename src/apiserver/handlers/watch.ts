import { StatusError } from "../../apimachinery/status-error.ts"
import { onAbort } from "../../base/on-abort.ts"
import { expired } from "../../apimachinery/status-errors.ts"
import { requireStream } from "../encoding/negotiate.ts"
import { parseIncludeObject } from "../encoding/table.ts"
import { respondWatch } from "../encoding/respond-watch.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ResourceRequest } from "../resource-request.ts"
import type { Watcher, WatchScope } from "../watch-cache/watcher.ts"
import { ensureFresh } from "./freshness.ts"
import { type ListOptions, parseListOptions, parseRevision } from "./list-options.ts"
import { scopeOf } from "./selection.ts"

// Watches without a limit of their own end after half an hour to an hour, so that clients spread over servers anew.
const minWatchMs = 30 * 60_000

/**
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes. The stream ends when its
 * time is up, the server shuts down, or the reader has fallen too far behind; the client then goes on from its last
 * version.
 */
export async function watch(request: ResourceRequest): Promise<ServerResponse> {
  const { context, served, namespace, name } = request
  const { query } = context.request
  const options = parseListOptions(query, true)
  const scope = scopeOf(served, namespace, name, options)
  requireStream(context.format)
  // Once the stream has begun it is too late to refuse.
  if (context.format.as?.kind === "Table") parseIncludeObject(query)
  const opened = await open(request, options, scope)
  if (opened instanceof StatusError) return respondWatch(request, opened)
  endInTime(request, opened, options)
  return respondWatch(request, opened)
}

/** Once it is clear what is asked, failures are told inside the stream, as upstream does. */
async function open(request: ResourceRequest, options: ListOptions, scope: WatchScope) {
  const { resourceVersion } = options
  const asked = resourceVersion === "" ? undefined : parseRevision(resourceVersion)
  try {
    return await openAt(request, options, scope, asked)
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

async function openAt(
  { context, served }: ResourceRequest,
  { sendInitialEvents, allowWatchBookmarks }: ListOptions,
  scope: WatchScope,
  asked: number | undefined,
): Promise<Watcher> {
  const { cache } = served.registry
  if (sendInitialEvents) {
    const revision = await ensureFresh(context, asked)
    return cache.watchFromNow(revision, scope, allowWatchBookmarks, allowWatchBookmarks)
  }
  const from = asked || (await ensureFresh(context, asked))
  const watcher = cache.watchFrom(from, scope, allowWatchBookmarks)
  if (watcher) return watcher
  // Upstream gives up here. A store that keeps its history longer than the cache can still tell what was missed.
  const past = await served.registry.pastChanges(from, context.signal)
  const late = past && cache.watchFrom(from, scope, allowWatchBookmarks, past)
  if (late) return late
  throw expired(`too old resource version: ${from} (${cache.oldestRevision})`)
}

function endInTime({ context, served }: ResourceRequest, watcher: Watcher, options: ListOptions): void {
  const { server, signal } = context
  const limitMs = options.timeoutSeconds
    ? options.timeoutSeconds * 1000
    : minWatchMs * (1 + server.random.next())
  const timer = server.clock.after(limitMs, () => {
    // So that the client goes on from here and not from its last object, which may be forgotten by then.
    if (watcher.wantsBookmarks) watcher.bookmark(server.mirror.revision)
    watcher.end("closed")
  })
  const end = () => watcher.end("closed")
  const forget = onAbort(signal, end)
  const { watches } = server.metrics
  watches.began(served.resource, watcher.waiting)
  watcher.onEnd(() => {
    if (watcher.ended === "tooSlow") watches.cutOff(served.resource)
    timer.cancel()
    forget()
  })
}
