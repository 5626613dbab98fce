import type { KubeObject } from "../../apimachinery/meta.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import type { ListPage } from "../handlers/list.ts"
import type { ObjectBody, ServerResponse } from "../http/response.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { objectAs, prepareObjects } from "../registry/versions.ts"
import { apiVersionOf, type View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { encodeValue } from "./encode-value.ts"
import { mediaTypes, type OutputKind } from "./output-format.ts"
import { partialKind, partialListKind, partialMetadata, partialMetadataList } from "./partial-metadata.ts"
import { respondPlain } from "./respond-plain.ts"
import { storedItemJson, storedJson, typeFirst } from "./stored-json.ts"
import { listProtobuf, storedProtobuf } from "./stored-protobuf.ts"
import { parseIncludeObject, type TableOptions, tableOf } from "./table.ts"

const encoder = new TextEncoder()
const newline = encoder.encode("\n")
const comma = encoder.encode(",")

/** One object as the path's view shows it. */
export async function respondObject(
  request: ResourceRequest,
  status: number,
  view: View,
  stored: StoredObject,
): Promise<ServerResponse> {
  const { context, served } = request
  await prepareObjects(served, [stored], context.signal)
  const value = () => view.show(objectAs(served, stored))
  if (context.format.as) return respondTransformed(request, status, view, value(), context.format.as)
  if (!view.isWhole) return respondPlain(context, status, value(), view.kind)
  const { media, pretty } = context.format
  return {
    status,
    headers: { "content-type": mediaTypes[media] },
    body: {
      kind: "object",
      value,
      encode() {
        if (media === "json" && !pretty) return [...storedJson(served, stored), newline]
        if (media === "protobuf") return [storedProtobuf(served, stored)]
        return [encodeValue(typeFirst(value()), context.format, undefined)]
      },
    },
  }
}

async function respondTransformed(
  request: ResourceRequest,
  status: number,
  view: View,
  object: KubeObject,
  { kind, version }: OutputKind,
): Promise<ServerResponse> {
  const { context, served } = request
  if (kind === "PartialObjectMetadata") {
    return respondPlain(context, status, partialMetadata(object, version), partialKind(version))
  }
  if (kind === "PartialObjectMetadataList") throw notThatShape(kind, "is not a list", served, object.kind)
  const { resourceVersion } = object.metadata
  const columns = view.columns ?? served.resource.columns
  const options = await tableOptions(request, version)
  const table = tableOf({ columns }, [object], { resourceVersion }, options)
  return respondPlain(context, status, table, undefined)
}

export async function respondList(request: ResourceRequest, page: ListPage): Promise<ServerResponse> {
  const { context, served } = request
  await prepareObjects(served, page.items, context.signal)
  const { media, as } = context.format
  if (as) return respondTransformedList(request, page, as)
  return {
    status: 200,
    headers: { "content-type": mediaTypes[media] },
    body: { kind: "object", value: () => listValue(served, page), encode: listEncoder(request, page) },
  }
}

function listEncoder({ context, served }: ResourceRequest, page: ListPage): ObjectBody["encode"] {
  const { media, pretty } = context.format
  if (media === "json" && !pretty) return () => listJson(served, page)
  if (media === "protobuf") return () => [listProtobuf(served, listMetadata(page), page.items)]
  return () => [encodeValue(plainList(served, page), context.format, undefined)]
}

async function respondTransformedList(
  request: ResourceRequest,
  page: ListPage,
  { kind, version }: OutputKind,
): Promise<ServerResponse> {
  const { context, served } = request
  const objects = page.items.map((stored) => objectAs(served, stored))
  if (kind === "Table") {
    const options = await tableOptions(request, version)
    const table = tableOf(served.resource, objects, listMetadata(page), options)
    return respondPlain(context, 200, table, undefined)
  }
  if (kind === "PartialObjectMetadata")
    throw notThatShape(kind, "is a list", served, served.resource.listKind)
  const list = partialMetadataList(objects, listMetadata(page), version)
  return respondPlain(context, 200, list, partialListKind(version))
}

/** What was asked for is of lists and there is none, or the other way round. Names the type as upstream's program does. */
function notThatShape(asked: string, what: string, { resource }: ServedResource, kind: string): StatusError {
  const type = `*${resource.group.split(".")[0] || "core"}.${kind}`
  return new StatusError(
    "NotAcceptable",
    `you requested ${asked}, but the requested object ${what} (${type})`,
  )
}

export async function tableOptions(
  { context }: ResourceRequest,
  version: "v1" | "v1beta1",
): Promise<TableOptions> {
  return {
    version,
    include: parseIncludeObject(context.request.query),
    nowMs: context.server.clock.now(),
    withColumns: true,
    descriptions: await context.server.openApi.descriptions,
  }
}

function listMetadata(page: ListPage): object {
  return {
    // What is not stored has no version.
    ...(page.revision > 0 && { resourceVersion: String(page.revision) }),
    ...(page.continueToken && { continue: page.continueToken }),
    ...(page.remainingItemCount && { remainingItemCount: page.remainingItemCount }),
  }
}

function listHead({ resource }: ServedResource, page: ListPage) {
  return { kind: resource.listKind, apiVersion: apiVersionOf(resource), metadata: listMetadata(page) }
}

function listValue(served: ServedResource, page: ListPage): object {
  return { ...listHead(served, page), items: page.items.map((stored) => objectAs(served, stored)) }
}

/** Built-in kinds travel in lists without their type, which the list's own says. */
function plainList(served: ServedResource, page: ListPage): object {
  const items = page.items.map((stored) => {
    const object = objectAs(served, stored)
    if (served.isCustom) return typeFirst(object)
    const { kind: _, apiVersion: __, ...rest } = object
    return rest
  })
  return { ...listHead(served, page), items }
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
