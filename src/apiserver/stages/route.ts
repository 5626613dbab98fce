import type { Handler } from "../context.ts"
import { handleResource } from "../handlers/handle-resource.ts"
import { textResponse } from "../http/response.ts"

/** The innermost stage: finds who answers. */
export const route: Handler = async (context) => {
  const answer = context.info.isResource ? handleResource(context) : undefined
  return answer ?? textResponse(404, "404 page not found\n")
}
