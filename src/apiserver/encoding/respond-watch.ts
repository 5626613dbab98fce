import { joinBytes } from "../../base/join-bytes.ts"
import { encodeProtobuf, encodeWatchEvent, frame } from "../../apimachinery/codec/protobuf.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { StatusSchema } from "../../apimachinery/meta-types.ts"
import { isStatusError, type StatusError } from "../../apimachinery/status-error.ts"
import { internalError } from "../../apimachinery/status-errors.ts"
import type { ServerResponse, WatchFrame } from "../http/response.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { objectAs, prepareObjects } from "../registry/versions.ts"
import { apiVersionOf, type BodyKind } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { judgeLate, type WatchedChange, type Watcher } from "../watch-cache/watcher.ts"
import { statusOf } from "./error-response.ts"
import { type Media, mediaTypes, type OutputKind } from "./output-format.ts"
import { partialKind, partialMetadata } from "./partial-metadata.ts"
import { tableOptions } from "./respond.ts"
import { storedJson } from "./stored-json.ts"
import { storedProtobuf } from "./stored-protobuf.ts"
import { tableOf } from "./table.ts"

/** A stream of changes; or of one error, which watches tell inside a successful answer. */
export function respondWatch(request: ResourceRequest, watcher: Watcher | StatusError): ServerResponse {
  const { media } = request.context.format
  return {
    status: 200,
    headers: { "content-type": media === "json" ? mediaTypes.json : `${mediaTypes[media]};stream=watch` },
    body: {
      kind: "watch",
      batches: watcher instanceof Error ? onlyError(watcher, media) : frames(request, watcher),
    },
  }
}

async function* frames(
  request: ResourceRequest,
  watcher: Watcher,
): AsyncGenerator<readonly WatchFrame[], void, void> {
  const makeFrame = await frameMaker(request)
  let isFirst = true
  for await (const waiting of watcher.batches()) {
    const batch = await prepareBatch(request, waiting, watcher)
    if (batch instanceof Error) return yield [errorFrame(batch, request.context.format.media)]
    request.context.server.metrics.watches.told(request.served.resource, batch.length)
    yield batch.map(makeFrame)
    // Whoever asks for what there is gets it together.
    if (isFirst && batch.some((change) => change.type === "BOOKMARK" && change.initialEventsEnd))
      request.context.server.metrics.requests.watchListed(request.context)
    isFirst = false
  }
}

/** What cannot be converted is told inside the stream, and is its end. */
async function prepareBatch(
  { served, context }: ResourceRequest,
  batch: readonly WatchedChange[],
  { scope }: Watcher,
): Promise<readonly WatchedChange[] | StatusError> {
  if (!served.convert) return batch
  const prepare = (changes: readonly WatchedChange[]) =>
    prepareObjects(served, changes.flatMap(statesOf), context.signal)
  try {
    await prepare(batch)
    if (!scope.matchesLate) return batch
    const judged = batch.flatMap((change) => judgeLate(change, scope) ?? [])
    await prepare(judged)
    return judged
  } catch (error) {
    return isStatusError(error) ? error : internalError(error)
  }
}

function statesOf(change: WatchedChange): readonly StoredObject[] {
  if (change.type === "BOOKMARK") return []
  return change.previous ? [change.stored, change.previous] : [change.stored]
}

async function* onlyError(
  error: StatusError,
  media: Media,
): AsyncGenerator<readonly WatchFrame[], void, void> {
  yield [errorFrame(error, media)]
}

function errorFrame(error: StatusError, media: Media): WatchFrame {
  const kind: BodyKind = { group: "", version: "v1", kind: "Status", schema: StatusSchema }
  return plainFrame("ERROR", statusOf(error), media, kind)
}

type FrameMaker = (change: WatchedChange) => WatchFrame

async function frameMaker(request: ResourceRequest): Promise<FrameMaker> {
  const { context, served } = request
  const { media, as } = context.format
  if (as) return transformedFrames(request, as)
  return (change) => {
    if (change.type === "BOOKMARK")
      return plainFrame("BOOKMARK", bookmarkOf(served, change), media, served.resource)
    const { type, stored } = change
    return {
      type,
      object: () => objectAs(served, stored),
      encode: () =>
        media === "protobuf"
          ? frame(encodeWatchEvent(type, storedProtobuf(served, stored)))
          : joinBytes([typeHeads[type], ...storedJson(served, stored), frameEnd]),
    }
  }
}

/** Watches for tables and for metadata alone. Columns are told with the first event, as they never change. */
async function transformedFrames(
  request: ResourceRequest,
  { kind, version }: OutputKind,
): Promise<FrameMaker> {
  const { served, context } = request
  const { media } = context.format
  const table = kind === "Table" ? await tableOptions(request, version) : undefined
  let withColumns = true
  return (change) => {
    const object = change.type === "BOOKMARK" ? bookmarkOf(served, change) : objectAs(served, change.stored)
    if (!table) {
      return plainFrame(change.type, partialMetadata(object, version), media, partialKind(version))
    }
    const { resourceVersion } = object.metadata
    const rows = change.type === "BOOKMARK" ? [] : [object]
    const options = { ...table, withColumns, nowMs: context.server.clock.now() }
    withColumns = false
    const told = tableOf(served.resource, rows, { resourceVersion }, options)
    // A bookmark keeps its annotations, which say that the initial state is complete.
    const whole = change.type === "BOOKMARK" ? bookmarkTable(told, object, version) : told
    return plainFrame(change.type, whole, media, undefined)
  }
}

function bookmarkTable(table: object, bookmark: KubeObject, version: "v1" | "v1beta1"): object {
  return { ...table, rows: [{ cells: [], object: partialMetadata(bookmark, version) }] }
}

function plainFrame(
  type: WatchFrame["type"],
  object: object,
  media: Media,
  kind: BodyKind | undefined,
): WatchFrame {
  return {
    type,
    object: () => object,
    encode: () =>
      media === "protobuf" && kind
        ? frame(encodeWatchEvent(type, encodeProtobuf(kind, object)))
        : encoder.encode(`{"type":"${type}","object":${JSON.stringify(object)}}\n`),
  }
}

/** An object of the kind with nothing but a version: everything up to it has been told. */
function bookmarkOf(
  { resource }: ServedResource,
  { revision, initialEventsEnd }: Extract<WatchedChange, { type: "BOOKMARK" }>,
): KubeObject {
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(initialEventsEnd && { annotations: { "k8s.io/initial-events-end": "true" } }),
    },
  } as unknown as KubeObject
}

const encoder = new TextEncoder()
const frameEnd = encoder.encode("}\n")
const typeHeads = {
  ADDED: encoder.encode('{"type":"ADDED","object":'),
  MODIFIED: encoder.encode('{"type":"MODIFIED","object":'),
  DELETED: encoder.encode('{"type":"DELETED","object":'),
}
