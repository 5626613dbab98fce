import type { KubeObject } from "../../apimachinery/meta.ts"
import type { ServerResponse } from "../http/response.ts"
import { objectAs, type ServedResource } from "../registry/served-resources.ts"
import type { View } from "../registry/view.ts"
import { apiVersionOf } from "../registry/view.ts"
import type { ListPage } from "../handlers/list.ts"
import type { ResourceRequest } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { contentTypes } from "./output-format.ts"
import { encodeValue } from "./encode-value.ts"
import { respondPlain } from "./respond-plain.ts"
import { storedItemJson, storedJson } from "./stored-json.ts"

const encoder = new TextEncoder()
const newline = encoder.encode("\n")
const comma = encoder.encode(",")

/** One object as the path's view shows it. */
export function respondObject(
  request: ResourceRequest,
  status: number,
  view: View,
  stored: StoredObject,
): ServerResponse {
  const { context, served } = request
  const { format } = context
  const value = () => view.show(objectAs(served, stored))
  if (!view.isWhole || format.as) return respondPlain(context, status, value())
  return {
    status,
    headers: { "content-type": contentTypes[format.media] },
    body: {
      kind: "object",
      value,
      encode: () =>
        format.media === "json" && !format.pretty
          ? [...storedJson(served, stored), newline]
          : encodeValue(value(), format),
    },
  }
}

export function respondList(request: ResourceRequest, page: ListPage): ServerResponse {
  const { context, served } = request
  const { format } = context
  return {
    status: 200,
    headers: { "content-type": contentTypes[format.media] },
    body: {
      kind: "object",
      value: () => listValue(served, page),
      encode: () =>
        format.media === "json" && !format.pretty
          ? listJson(served, page)
          : encodeValue(listValue(served, page), format),
    },
  }
}

function listHead({ resource }: ServedResource, page: ListPage) {
  return {
    kind: resource.listKind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(page.revision),
      ...(page.continueToken && { continue: page.continueToken }),
      ...(page.remainingItemCount && { remainingItemCount: page.remainingItemCount }),
    },
  }
}

function listValue(served: ServedResource, page: ListPage): KubeObject & { items: KubeObject[] } {
  return {
    ...(listHead(served, page) as unknown as KubeObject),
    items: page.items.map((stored) => objectAs(served, stored)),
  }
}

/** Nothing is encoded here: the bytes of the items are joined. */
function* listJson(served: ServedResource, page: ListPage): Generator<Uint8Array> {
  yield encoder.encode(`${JSON.stringify(listHead(served, page)).slice(0, -1)},"items":[`)
  let isFirst = true
  for (const stored of page.items) {
    if (!isFirst) yield comma
    isFirst = false
    yield* storedItemJson(served, stored)
  }
  yield encoder.encode("]}\n")
}
