import { parseJson } from "../../apimachinery/codec/json.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { applyJsonPatch } from "../../apimachinery/patch/json-patch.ts"
import { applyMergePatch } from "../../apimachinery/patch/merge-patch.ts"
import { applyStrategicMergePatch } from "../../apimachinery/patch/strategic-merge-patch.ts"
import type { JsonRecord } from "../../apimachinery/schema-plan.ts"
import { badRequest, notFound, unsupportedMediaType } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { decodeValue, readBytes } from "../encoding/decode-body.ts"
import { respondObject } from "../encoding/respond.ts"
import { headerOf } from "../http/request.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { apply } from "./apply.ts"
import { ensureNamespace } from "./prepare-create.ts"
import { checkPreconditions, ensureName } from "./prepare-update.ts"
import { replaceObject } from "./replace-object.ts"
import { parseWriteOptions, type WriteOptions } from "./write-options.ts"

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
  const body = await readPatch(context, options)
  context.audit?.request(body)
  const next = (current: KubeObject) => {
    const shown = view.show(current)
    const patched = applyTo(type, view, shown, body)
    const written = decodeValue(context, copyJson(patched), view.kind, options.fieldValidation)
    ensureNamespace(written, served.resource.namespaced, request.namespace)
    ensureName(written, name)
    const object = view.take(current, written)
    checkPreconditions(served, object, current)
    return object
  }
  const stored = await replaceObject(request, view, options, next)
  if (!stored) throw notFound(served.resource, name)
  return respondObject(request, 200, view, stored)
}

function patchTypeOf({ request }: RequestContext, served: ServedResource): keyof typeof patchTypes {
  const contentType = headerOf(request.headers, "content-type").split(";")[0]!.trim().toLowerCase()
  // A custom resource's schema does not say how lists merge.
  const offered = (Object.keys(patchTypes) as (keyof typeof patchTypes)[]).filter(
    (type) => type !== "strategic" || !served.isCustom,
  )
  const type = offered.find((each) => patchTypes[each] === contentType)
  if (!type) throw unsupportedMediaType(offered.map((each) => patchTypes[each]))
  return type
}

async function readPatch(context: RequestContext, { fieldValidation }: WriteOptions): Promise<unknown> {
  const { body } = context.request
  if (body.kind === "object") return body.value
  const strictErrors: string[] = []
  const value = parsePatch(await readBytes(context), strictErrors)
  if (strictErrors.length > 0 && fieldValidation === "Strict") {
    throw badRequest(`strict decoding error: ${strictErrors.join(", ")}`)
  }
  if (fieldValidation === "Warn") context.warnings.push(...strictErrors)
  return value
}

function parsePatch(bytes: Uint8Array, strictErrors: string[]): unknown {
  try {
    return parseJson(bytes, strictErrors)
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`)
  }
}

function applyTo(
  type: Exclude<keyof typeof patchTypes, "apply">,
  view: View,
  shown: KubeObject,
  body: unknown,
): Mutable {
  const document = shown as unknown as JsonRecord
  switch (type) {
    case "json":
      return applyJsonPatch(document, body) as unknown as Mutable
    case "merge":
      return applyMergePatch(document, body) as unknown as Mutable
    case "strategic":
      return applyStrategicMergePatch(view.kind.schema, document, body) as unknown as Mutable
  }
}
