import { type FieldError, formatFieldError } from "../../apimachinery/field-error.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import { respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import type { View } from "../registry/view.ts"
import { keyOf, type ResourceRequest } from "../resource-request.ts"
import { ensureFresh } from "./freshness.ts"
import { parseRevision } from "./list-options.ts"

export async function get(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const { context, served, name } = request
  const asked = context.request.query.get("resourceVersion")
  await ensureFresh(context, asked ? parseRevision(asked, unreadable) : undefined)
  const stored = served.registry.cache.find(keyOf(request))
  if (!stored) throw notFound(served.resource, name)
  return respondObject(request, 200, view, stored)
}

/** Upstream's storage is asked with the text as it is, and its complaint passed on. */
function unreadable(why: FieldError): StatusError {
  return new StatusError("Unknown", formatFieldError(why), { code: 500 })
}
