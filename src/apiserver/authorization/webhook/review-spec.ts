import type { SubjectAccessReviewSpec } from "../../../api/authorization/v1/access-review.ts"
import type { Attributes, SelectorRequirement } from "../authorizer.ts"

/** The question as a SubjectAccessReview puts it. */
export function reviewSpecOf(attributes: Attributes): SubjectAccessReviewSpec {
  const { user, verb } = attributes
  const { name, uid, groups, extra } = user
  const subject = {
    ...(name && { user: name }),
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(Object.keys(extra).length > 0 && { extra: extra as Record<string, string[]> }),
  }
  if (attributes.path !== undefined)
    return { nonResourceAttributes: { path: attributes.path, verb }, ...subject }
  const { namespace, apiGroup, apiVersion, resource, subresource, fieldSelector, labelSelector } = attributes
  const resourceAttributes = {
    ...(namespace && { namespace }),
    verb,
    ...(apiGroup && { group: apiGroup }),
    ...(apiVersion && { version: apiVersion }),
    resource,
    ...(subresource && { subresource }),
    ...(attributes.name && { name: attributes.name }),
    ...selector("fieldSelector", fieldSelector),
    ...selector("labelSelector", labelSelector),
  }
  return { resourceAttributes, ...subject }
}

function selector(key: string, requirements: readonly SelectorRequirement[] | undefined): object {
  return requirements?.length ? { [key]: { requirements } } : {}
}
