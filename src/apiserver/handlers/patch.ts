import type { KubeObject } from "../../apimachinery/meta.ts"
import { applyJsonPatch } from "../../apimachinery/patch/json-patch.ts"
import { applyMergePatch } from "../../apimachinery/patch/merge-patch.ts"
import { applyStrategicMergePatch } from "../../apimachinery/patch/strategic-merge-patch.ts"
import type { JsonRecord } from "../../apimachinery/schema-plan.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { notFound, unsupportedMediaType } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { respondObject } from "../encoding/respond.ts"
import { headerOf } from "../http/request.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { apply } from "./apply.ts"
import { ensureNamespace } from "./prepare-create.ts"
import { checkVersion, ensureName } from "./prepare-update.ts"
import { replaceObject } from "./replace-object.ts"
import { decodePatched } from "./decode-patched.ts"
import { readPatch, type OtherPatchType } from "./read-patch.ts"
import { parseWriteOptions } from "./write-options.ts"

export const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const

export async function patch(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const { context, served, name } = request
  const type = patchTypeOf(context, served)
  if (type === "apply") return apply(request, view)
  const options = parseWriteOptions(context.request.query, "PatchOptions")
  const readBody = await readPatch(context, type, options)
  const next = (current: KubeObject) => {
    // What cannot be read is told of an object that is there.
    const body = readBody()
    const shown = view.show(current)
    const patched = applyTo(type, view, shown, body.value)
    const { isCustom } = served
    const written = decodePatched(context, type, view, patched, body, options, { shown, isCustom })
    ensureNamespace(written, served.resource.namespaced, request.namespace)
    ensureName(written, name)
    const object = view.take(current, written)
    checkVersion(served, object, current)
    return object
  }
  const stored = await replaceObject(request, view, options, next)
  if (!stored) throw notFound(served.resource, name)
  return respondObject(request, 200, view, stored)
}

/** Throws StatusError UnsupportedMediaType. */
export function patchTypeOf({ request }: RequestContext, served: ServedResource): keyof typeof patchTypes {
  const contentType = headerOf(request.headers, "content-type").split(";")[0]!
  // A custom resource's schema does not say how lists merge.
  const offered = (Object.keys(patchTypes) as (keyof typeof patchTypes)[]).filter(
    (type) => type !== "strategic" || !served.isCustom,
  )
  const type = offered.find((each) => patchTypes[each] === contentType)
  if (type) return type
  if (served.isCustom) throw unsupportedMediaType(offered.map((each) => patchTypes[each]))
  throw new StatusError("UnsupportedMediaType", "415: Unsupported Media Type", { details: {} })
}

function applyTo(type: OtherPatchType, view: View, shown: KubeObject, body: unknown): JsonRecord {
  const document = shown as unknown as JsonRecord
  switch (type) {
    case "json":
      return applyJsonPatch(document, body)
    case "merge":
      return applyMergePatch(document, body)
    case "strategic":
      return applyStrategicMergePatch(view.kind.schema, document, body)
  }
}
