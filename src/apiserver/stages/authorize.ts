import type { Attributes, Decision } from "../authorization/authorizer.ts"
import { forbiddenError } from "../authorization/forbidden.ts"
import type { RequestContext, Stage } from "../context.ts"
import { selectorRequirements } from "../selector-requirements.ts"

/** May they? */
export const authorize: Stage = async (context, next) => {
  const attributes = attributesOf(context)
  const { authorizer, clock, metrics } = context.server
  const beganMs = clock.monotonic()
  const { decision, reason } = await authorizer.authorize(attributes)
  metrics.access.authorized(resultOf(decision), (clock.monotonic() - beganMs) / 1000)
  context.annotations.set("authorization.k8s.io/decision", decision === "allowed" ? "allow" : "forbid")
  context.annotations.set("authorization.k8s.io/reason", reason)
  if (decision !== "allowed") throw forbiddenError(attributes, reason)
  return next()
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
