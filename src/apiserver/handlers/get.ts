import { badRequest, notFound } from "../../apimachinery/status-errors.ts"
import { respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import { isTrue } from "../request-info.ts"
import { objectAs, prepareObjects } from "../registry/versions.ts"
import type { View } from "../registry/view.ts"
import { keyOf, type ResourceRequest } from "../resource-request.ts"
import { ensureFresh } from "./freshness.ts"
import { parseRevision } from "./list-options.ts"

export async function get(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const { context, served, name } = request
  const { query } = context.request
  if (isTrue(query.get("export"))) {
    throw badRequest("the export parameter, deprecated since v1.14, is no longer supported")
  }
  const asked = query.get("resourceVersion")
  await ensureFresh(context, asked ? parseRevision(asked) : undefined)
  const stored = served.registry.cache.find(keyOf(request))
  if (!stored) throw notFound(served.resource, name)
  if (view.ensureReadable) {
    await prepareObjects(served, [stored], context.signal)
    view.ensureReadable(objectAs(served, stored))
  }
  return respondObject(request, 200, view, stored)
}
