import type { Attributes } from "../authorization/authorizer.ts"
import { forbiddenError } from "../authorization/forbidden.ts"
import type { RequestContext, Stage } from "../context.ts"
import { selectorRequirements } from "../selector-requirements.ts"

/** May they? */
export const authorize: Stage = async (context, next) => {
  const attributes = attributesOf(context)
  const { decision, reason } = await context.server.authorizer.authorize(attributes)
  context.annotations.set("authorization.k8s.io/decision", decision === "allowed" ? "allow" : "forbid")
  context.annotations.set("authorization.k8s.io/reason", reason)
  if (decision !== "allowed") throw forbiddenError(attributes, reason)
  return next()
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
