import { Namespace } from "../../../api/core/v1/namespace.ts"
import { type Labels, matchesLabels, selectsEverything } from "../../../apimachinery/labels.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import { forbidden } from "../../../apimachinery/status-errors.ts"
import type { NamedRuleWithOperations } from "../../../api/admissionregistration/v1/match-resources.ts"
import type { AdmissionAttributes, AdmissionContext } from "../admission.ts"
import type { EquivalentResources } from "../../registry/equivalent-resources.ts"
import type { Hook, Webhook } from "./hooks.ts"
import { matchesRule } from "./matches-rule.ts"
import { inVersionOf, type VersionedAttributes } from "./versioned-attributes.ts"

/** A webhook that is to be called, and the version in which it wants to see the object. */
export interface Invocation<W extends Webhook = Webhook> {
  readonly hook: Hook<W>
  readonly resource: Resource
}

/** Whether all of a webhook's match conditions hold. Throws with what went wrong. */
export type MatchConditionsHold = (
  conditions: NonNullable<Webhook["matchConditions"]>,
  attributes: VersionedAttributes,
) => boolean | Promise<boolean>

export interface MatchingContext extends Pick<AdmissionContext, "cache" | "client"> {
  readonly equivalents: EquivalentResources
  readonly matchConditionsHold: MatchConditionsHold
}

/** Undefined: the webhook does not want to see this request. Throws StatusError when that cannot be found out. */
export async function findInvocation<W extends Webhook>(
  hook: Hook<W>,
  attributes: AdmissionAttributes,
  context: MatchingContext,
): Promise<Invocation<W> | undefined> {
  if (!matchesObject(hook, attributes)) return undefined
  const resource = matchingResource(hook.webhook, attributes, context.equivalents)
  if (!resource) return undefined
  if (!(await matchesNamespace(hook, attributes, context))) return undefined
  const { matchConditions } = hook.webhook
  if (matchConditions?.length) {
    const versioned = await inVersionOf(attributes, resource, context.equivalents)
    try {
      if (!(await context.matchConditionsHold(matchConditions, versioned))) return undefined
    } catch (error) {
      // What would be ignored when it is called is not called.
      if (hook.webhook.failurePolicy === "Ignore") return undefined
      throw forbidden(attributes.resource, attributes.name, (error as Error).message)
    }
  }
  return { hook, resource }
}

/** The version that the rules name: the request's own, or with matchPolicy Equivalent another one of the same objects. */
export function matchingResource(
  {
    rules = [],
    matchPolicy,
  }: { readonly rules?: readonly NamedRuleWithOperations[]; readonly matchPolicy?: string },
  attributes: AdmissionAttributes,
  equivalents: EquivalentResources,
): Resource | undefined {
  const { resource: own, operation, subresource, namespace, name } = attributes
  const isNamed = (resource: Resource) => {
    const { group, version, plural } = resource
    const subject = { operation, group, version, resource: plural, subresource, namespace, name }
    return (rule: (typeof rules)[number]) => matchesRule(rule, subject)
  }
  if (rules.some(isNamed(own))) return own
  if (matchPolicy !== "Equivalent") return undefined
  const others = equivalents.of(own).filter((each) => each !== own)
  for (const rule of rules) {
    const found = others.find((other) => isNamed(other)(rule))
    if (found) return found
  }
  return undefined
}

export function matchesObject(
  { objectSelector }: Pick<Hook, "objectSelector">,
  { object, oldObject }: AdmissionAttributes,
): boolean {
  if (selectsEverything(objectSelector)) return true
  // Options of CONNECT have no metadata and therefore no labels that could match.
  const matches = (each: KubeObject | undefined) =>
    each?.metadata !== undefined && matchesLabels(objectSelector, each.metadata.labels)
  return matches(object) || matches(oldObject)
}

/** Cluster-scoped objects are never exempted by a namespace selector, but for Namespaces themselves. */
export function matchesNamespace(
  { namespaceSelector }: Pick<Hook, "namespaceSelector">,
  attributes: AdmissionAttributes,
  context: Pick<AdmissionContext, "cache" | "client">,
): boolean | Promise<boolean> {
  const { namespace, resource } = attributes
  if (selectsEverything(namespaceSelector)) return true
  if (namespace === "" && resource.plural !== "namespaces") return true
  const labels = namespaceLabels(attributes, context)
  if (labels instanceof Promise) return labels.then((found) => matchesLabels(namespaceSelector, found))
  return matchesLabels(namespaceSelector, labels)
}

/** Of a Namespace that is being written the labels it will have; of one that is deleted those it has. */
function namespaceLabels(
  { resource, subresource, operation, object, namespace }: AdmissionAttributes,
  { cache, client }: Pick<AdmissionContext, "cache" | "client">,
): Labels | undefined | Promise<Labels | undefined> {
  const isWritten = operation === "CREATE" || operation === "UPDATE"
  if (resource.plural === "namespaces" && subresource === "" && isWritten) return object?.metadata.labels
  const found = cache.find(Namespace, { name: namespace })
  if (found) return found.metadata.labels
  // Another server may have made it a moment ago.
  return client.get(Namespace, { name: namespace }).then(({ metadata }) => metadata.labels)
}
