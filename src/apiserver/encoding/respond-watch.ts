import type { KubeObject } from "../../apimachinery/meta.ts"
import type { StatusError } from "../../apimachinery/status-error.ts"
import type { ServerResponse, WatchFrame } from "../http/response.ts"
import { objectAs, type ServedResource } from "../registry/served-resources.ts"
import { apiVersionOf } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import type { WatchedChange, Watcher } from "../watch-cache/watcher.ts"
import { statusOf } from "./error-response.ts"
import { contentTypes } from "./output-format.ts"
import { storedJson } from "./stored-json.ts"

/** A stream of changes; or of one error, which watches tell inside a successful answer. */
export function respondWatch(request: ResourceRequest, watcher: Watcher | StatusError): ServerResponse {
  const { media } = request.context.format
  return {
    status: 200,
    headers: { "content-type": media === "json" ? contentTypes.json : `${contentTypes[media]};stream=watch` },
    body: {
      kind: "watch",
      batches: watcher instanceof Error ? onlyError(watcher) : frames(request.served, watcher),
    },
  }
}

async function* frames(
  served: ServedResource,
  watcher: Watcher,
): AsyncGenerator<readonly WatchFrame[], void, void> {
  for await (const batch of watcher.batches()) yield batch.map((change) => frameOf(served, change))
}

async function* onlyError(error: StatusError): AsyncGenerator<readonly WatchFrame[], void, void> {
  yield [plainFrame("ERROR", statusOf(error))]
}

function frameOf(served: ServedResource, change: WatchedChange): WatchFrame {
  if (change.type === "BOOKMARK") return plainFrame("BOOKMARK", bookmarkOf(served, change))
  const { type, stored } = change
  return {
    type,
    object: () => objectAs(served, stored),
    encode: () => concat([typeHeads[type], ...storedJson(served, stored), frameEnd]),
  }
}

function plainFrame(type: WatchFrame["type"], object: object): WatchFrame {
  return {
    type,
    object: () => object,
    encode: () => encoder.encode(`{"type":"${type}","object":${JSON.stringify(object)}}\n`),
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

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const piece of pieces) length += piece.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
