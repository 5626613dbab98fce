import { quote } from "../../base/quote.ts"
import type { StatusError } from "../../apimachinery/status-error.ts"
import { forbidden } from "../../apimachinery/status-errors.ts"
import type { Attributes } from "./authorizer.ts"

/** The refusal as kubectl prints it: `pods is forbidden: User "x" cannot list resource "pods" in API group "" ...`. */
export function forbiddenError(attributes: Attributes, reason: string): StatusError {
  const message = describe(attributes)
  const why = reason ? `${message}: ${reason}` : message
  if (attributes.path !== undefined) return forbidden(undefined, "", why)
  const { apiGroup: group, resource: plural, name } = attributes
  return forbidden({ group, plural }, name, why)
}

function describe(attributes: Attributes): string {
  const { user, verb } = attributes
  if (attributes.path !== undefined)
    return escapeHtml(`User ${quote(user.name)} cannot ${verb} path ${quote(attributes.path)}`)
  const { resource, subresource, apiGroup, namespace } = attributes
  const what = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? `in the namespace ${quote(namespace)}` : "at the cluster scope"
  return escapeHtml(
    `User ${quote(user.name)} cannot ${verb} resource ${quote(what)} in API group ${quote(apiGroup)} ${where}`,
  )
}

// The answer must not be taken for a page by a browser.
function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
