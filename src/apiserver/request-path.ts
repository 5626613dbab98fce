import type { Handler, RequestContext, Stage } from "./context.ts"
import type { ServerResponse } from "./http/response.ts"
import { authenticate } from "./stages/authenticate.ts"
import { authorize } from "./stages/authorize.ts"
import { deadline } from "./stages/deadline.ts"
import { recover } from "./stages/recover.ts"
import { withRequestInfo } from "./stages/request-info.ts"
import { route } from "./stages/route.ts"

/** The way of every request, outermost first: each stage may answer, or let the next one. */
const stages: readonly Stage[] = [recover, withRequestInfo, deadline, authenticate, authorize]

/** The whole path as one function. */
export const handleRequest: Handler = compose(stages, route)

function compose(outermostFirst: readonly Stage[], innermost: Handler): Handler {
  return outermostFirst.reduceRight<Handler>(
    (inner, stage) =>
      (context: RequestContext): Promise<ServerResponse> =>
        stage(context, () => inner(context)),
    innermost,
  )
}
