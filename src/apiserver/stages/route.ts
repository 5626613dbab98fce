import type { Handler } from "../context.ts"
import { handleResource } from "../handlers/handle-resource.ts"
import { textResponse } from "../http/response.ts"
import { handlePath } from "../paths/handle-path.ts"

/** The innermost stage: finds who answers. */
export const route: Handler = async (context) => {
  const answer = context.info.isResource ? handleResource(context) : handlePath(context)
  return (await answer) ?? textResponse(404, "404 page not found\n")
}
