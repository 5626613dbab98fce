import { impersonate as impersonateUser } from "../authentication/impersonation.ts"
import type { Stage } from "../context.ts"
import { attributesOf } from "./authorize.ts"

/** Acting as somebody else, for those who may: `kubectl --as`. */
export const impersonate: Stage = async (context, next) => {
  const { headers } = context.request
  if (headers["impersonate-user"] !== undefined || asksForMore(headers)) {
    const found = await impersonateUser(headers, attributesOf(context), context.server.authorizer)
    if (found) {
      context.user = found.user
      context.impersonationConstraint = found.constraint
    }
  }
  return next()
}

function asksForMore(headers: object): boolean {
  for (const name in headers) if (name.startsWith("impersonate-")) return true
  return false
}
