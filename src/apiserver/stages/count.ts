import type { Stage } from "../context.ts"

/** Counts every answer; `/metrics` tells. */
export const count: Stage = async (context, next) => {
  const response = await next()
  context.server.metrics.answered(context, response)
  return response
}
