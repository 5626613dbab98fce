import { forbiddenError } from "../authorization/forbidden.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { attributesOf } from "../stages/authorize.ts"

/** An update or apply that finds nothing to change makes a new object: only for those who may create. */
export async function authorizeCreation({ context }: ResourceRequest): Promise<void> {
  const attributes = { ...attributesOf(context), verb: "create" }
  const { decision, reason } = await context.server.authorizer.authorize(attributes)
  if (decision !== "allowed") throw forbiddenError(attributes, reason)
}
