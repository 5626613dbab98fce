import type { MatchResources } from "../../../api/admissionregistration/v1/match-resources.ts"
import { type Selector, selectorFromObject } from "../../../apimachinery/labels.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import type { AdmissionAttributes, AdmissionContext } from "../admission.ts"
import { matchesNamespace, matchesObject, matchingResource } from "../webhooks/find-invocation.ts"

interface Selectors {
  readonly namespaceSelector: Selector
  readonly objectSelector: Selector
}

const selectors = new WeakMap<Partial<MatchResources>, Selectors>()

function selectorsOf(match: Partial<MatchResources>): Selectors {
  let known = selectors.get(match)
  if (!known) {
    known = {
      namespaceSelector: selectorFromObject(match.namespaceSelector ?? {}),
      objectSelector: selectorFromObject(match.objectSelector ?? {}),
    }
    selectors.set(match, known)
  }
  return known
}

/**
 * The version of the objects that a policy or binding wants to see; undefined when it does not want to see the request.
 * Without rules it wants everything, as it comes. Throws StatusError when the namespace cannot be found.
 */
export async function matchResources(
  match: Partial<MatchResources>,
  attributes: AdmissionAttributes,
  context: AdmissionContext,
): Promise<Resource | undefined> {
  const { equivalents } = context
  const { resourceRules = [], excludeResourceRules = [], matchPolicy = "Equivalent" } = match
  // What is decided by the request alone comes first: most requests are of no interest to most policies.
  if (matchingResource({ rules: excludeResourceRules, matchPolicy }, attributes, equivalents))
    return undefined
  const found =
    resourceRules.length === 0
      ? attributes.resource
      : matchingResource({ rules: resourceRules, matchPolicy }, attributes, equivalents)
  if (!found || !matchesObject(selectorsOf(match), attributes)) return undefined
  return (await matchesNamespace(selectorsOf(match), attributes, context)) ? found : undefined
}
