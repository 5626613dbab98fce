import { noSuchPath } from "../../apimachinery/status-errors.ts"
import { proxyToExtension } from "../aggregation/proxy-to-extension.ts"
import type { Handler, RequestContext } from "../context.ts"
import { handleResource } from "../handlers/handle-resource.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"
import { handlePath } from "../paths/handle-path.ts"

/** The innermost stage: finds who answers. */
export const route: Handler = (context) => {
  const { info, server } = context
  const elsewhere = server.apiServices.find(info.group, info.version)
  if (elsewhere) return proxyToExtension(context, elsewhere)
  if (info.isResource) return handleResource(context) ?? Promise.resolve(notFound(context))
  return handlePath(context).then((answer) => answer ?? notFound(context))
}

function notFound(context: RequestContext): ServerResponse {
  if (isBelowBuiltInGroup(context)) throw noSuchPath()
  return textResponse(404, "404 page not found\n")
}

/** Below their own groups servers answer in the API's words; elsewhere nobody feels responsible. */
function isBelowBuiltInGroup({ info, server }: RequestContext): boolean {
  if (info.version === "") return false
  return server.resources.all().some(({ resource, isCustom }) => resource.group === info.group && !isCustom)
}
