import type { Handler, RequestContext, Stage } from "./context.ts"
import type { ServerResponse } from "./http/response.ts"
import { audit, auditId } from "./stages/audit.ts"
import { authenticate } from "./stages/authenticate.ts"
import { authorize } from "./stages/authorize.ts"
import { count } from "./stages/count.ts"
import { deadline } from "./stages/deadline.ts"
import { flowControl } from "./stages/flow-control.ts"
import { impersonate } from "./stages/impersonate.ts"
import { recover } from "./stages/recover.ts"
import { withRequestInfo } from "./stages/request-info.ts"
import { route } from "./stages/route.ts"
import { shuttingDown } from "./stages/shutting-down.ts"
import { warnings } from "./stages/warnings.ts"

/** The way of every request as one function. Outermost first: each stage may answer, or let the next one. */
export function createRequestPath(): Handler {
  const stages: readonly Stage[] = [
    warnings,
    recover,
    withRequestInfo,
    count,
    shuttingDown,
    auditId,
    deadline,
    authenticate,
    audit,
    impersonate,
    flowControl,
    authorize,
  ]
  return compose(stages, route)
}

function compose(outermostFirst: readonly Stage[], innermost: Handler): Handler {
  return outermostFirst.reduceRight<Handler>(
    (inner, stage) =>
      (context: RequestContext): Promise<ServerResponse> =>
        stage(context, () => inner(context)),
    innermost,
  )
}
