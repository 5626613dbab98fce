import type { Attributes, Decision } from "../authorization/authorizer.ts"
import { forbiddenError } from "../authorization/forbidden.ts"
import type { RequestContext, Stage } from "../context.ts"
import { selectorRequirements } from "../selector-requirements.ts"

/** May they? */
export const authorize: Stage = (context, next) => {
  const attributes = attributesOf(context)
  const beganMs = context.server.clock.monotonic()
  const decided = context.server.authorizer.authorize(attributes)
  const proceed = (decision: Decision) => {
    judge(context, attributes, decision, beganMs)
    return next()
  }
  return isPromise(decided) ? decided.then(proceed) : proceed(decided)
}

/** Throws for who may not. */
function judge(
  context: RequestContext,
  attributes: Attributes,
  { decision, reason }: Decision,
  beganMs: number,
): void {
  const { clock, metrics } = context.server
  metrics.access.authorized(resultOf(decision), (clock.monotonic() - beganMs) / 1000)
  context.annotations.set("authorization.k8s.io/decision", decision === "allowed" ? "allow" : "forbid")
  context.annotations.set("authorization.k8s.io/reason", reason)
  if (decision !== "allowed") throw forbiddenError(attributes, reason)
}

// Most authorizers know at once, and a step of waiting less is felt by every request.
function isPromise(decided: Decision | Promise<Decision>): decided is Promise<Decision> {
  return "then" in decided
}

function resultOf(decision: Decision["decision"]): "allowed" | "denied" | "no-opinion" {
  return decision === "noOpinion" ? "no-opinion" : decision
}

/** The question that a request puts to the authorizer. */
export function attributesOf({ info, user, request }: RequestContext): Attributes {
  if (!info.isResource) return { user, verb: info.verb, path: info.path }
  return {
    user,
    verb: info.verb,
    namespace: info.namespace,
    apiGroup: info.group,
    apiVersion: info.version,
    resource: info.resource,
    subresource: info.subresource,
    name: info.name,
    ...selectorRequirements(info.verb, request.query),
  }
}
