import { copyJson } from "../../apimachinery/freeze.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import { decodeBody } from "../encoding/decode-body.ts"
import { respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"
import { keyOf, type ResourceRequest } from "../resource-request.ts"
import { authorizeCreation } from "./authorize-creation.ts"
import { createObject } from "./create.ts"
import { trackOwnership } from "./managed-fields.ts"
import { dropDuplicateOwners } from "./owner-references.ts"
import { ensureNamespace } from "./prepare-create.ts"
import { checkUid, checkVersion, ensureName, uidConflict } from "./prepare-update.ts"
import { replaceObject } from "./replace-object.ts"
import { parseWriteOptions } from "./write-options.ts"

export async function update(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const { context, served, name } = request
  const options = parseWriteOptions(context.request.query, "UpdateOptions")
  const body = await decodeBody(context, view.kind, options.fieldValidation)
  ensureNamespace(body, served.resource.namespaced, request.namespace)
  ensureName(body, name)
  dropDuplicateOwners(context, body, "as sent")
  const next = (current: KubeObject) => {
    const object = view.take(current, copyJson(body))
    checkUid(served, object, current)
    checkVersion(served, object, current)
    return object
  }
  const outcome = await replaceObject(request, view, options, next)
  if (outcome) return respondObject(request, 200, view, outcome)
  if (!mayCreate(request, view)) throw notFound(served.resource, name)
  if (body.metadata.uid) {
    throw uidConflict(
      served.resource,
      name,
      served.registry.cache.prefix + keyOf(request),
      body.metadata.uid,
      "",
    )
  }
  await authorizeCreation(request)
  delete (body.metadata as Partial<Mutable["metadata"]>).resourceVersion
  await trackOwnership(request, view, options, undefined, body)
  return respondObject(request, 201, view, await createObject(request, body, options))
}

/** Leases, endpoints and a few others may be made by a PUT, whatever version it is meant for. */
function mayCreate({ served }: ResourceRequest, view: View): boolean {
  return served.strategy.allowsCreateOnUpdate && view.subresource === ""
}
