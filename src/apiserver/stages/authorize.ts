import { StatusError } from "../../apimachinery/status-error.ts"
import { forbidden } from "../../apimachinery/status-errors.ts"
import { quote } from "../../base/quote.ts"
import type { Attributes } from "../authorization/authorizer.ts"
import type { RequestContext, Stage } from "../context.ts"
import { selectorRequirements } from "../selector-requirements.ts"

/** May they? */
export const authorize: Stage = async (context, next) => {
  const attributes = attributesOf(context)
  const { decision, reason } = await context.server.authorizer.authorize(attributes)
  context.annotations.set("authorization.k8s.io/decision", decision === "allowed" ? "allow" : "forbid")
  context.annotations.set("authorization.k8s.io/reason", reason)
  if (decision !== "allowed") throw refusal(attributes, reason)
  return next()
}

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

/** In upstream's words (`kubectl auth` and people's scripts look for them). */
export function refusal(attributes: Attributes, reason: string): StatusError {
  const user = quote(attributes.user.name)
  const why = reason ? `: ${reason}` : ""
  if (attributes.path !== undefined) {
    return forbidden(
      undefined,
      "",
      `User ${user} cannot ${attributes.verb} path ${quote(attributes.path)}${why}`,
    )
  }
  const { verb, resource, subresource, apiGroup, namespace, name } = attributes
  const what = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? `in the namespace ${quote(namespace)}` : "at the cluster scope"
  const text = `User ${user} cannot ${verb} resource ${quote(what)} in API group ${quote(apiGroup)} ${where}${why}`
  return forbidden({ group: apiGroup, plural: resource }, name, text)
}
