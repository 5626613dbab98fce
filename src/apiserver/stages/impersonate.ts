import { impersonate as impersonateUser } from "../authentication/impersonation.ts"
import type { Next, RequestContext, Stage } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import { attributesOf } from "./authorize.ts"

/** Acting as somebody else, for those who may: `kubectl --as`. */
export const impersonate: Stage = (context, next) =>
  asksForIt(context.request.headers) ? answerAsAnother(context, next) : next()

async function answerAsAnother(context: RequestContext, next: Next): Promise<ServerResponse> {
  const { headers } = context.request
  const found = await impersonateUser(headers, attributesOf(context), context.server.authorizer)
  if (found) {
    context.user = found.user
    context.impersonationConstraint = found.constraint
  }
  return next()
}

function asksForIt(headers: object): boolean {
  for (const name in headers) if (name.startsWith("impersonate-")) return true
  return false
}
