import type { Attributes, Authorizer } from "./authorizer.ts"

const reading = new Set(["get", "list", "watch", "head", "options"])
/** Kinds that are questions: creating one changes nothing. */
const questions = new Set(["authentication.k8s.io", "authorization.k8s.io"])
/** Connecting to what is behind an object is no reading of it. */
const connecting = new Set(["exec", "attach", "portforward", "proxy"])
/** What only other requests ask for: may it be used, bound, impersonated? */
const changing = new Set(["create", "update", "patch", "delete", "deletecollection", "post", "put"])

/**
 * Denies everything that would change something to everybody but `exempt`, whatever `authorizer` allows.
 *
 * @param reason what the refusal says after "forbidden:"
 */
export function readOnly(
  authorizer: Authorizer,
  { exempt, reason }: { readonly exempt: string; readonly reason: string },
): Authorizer {
  return {
    authorize: (attributes) =>
      attributes.user.name !== exempt && changes(attributes)
        ? { decision: "denied", reason }
        : authorizer.authorize(attributes),
    rulesFor: async (user, namespace) => {
      const rules = await authorizer.rulesFor(user, namespace)
      if (user.name === exempt) return rules
      return {
        ...rules,
        resourceRules: rules.resourceRules.flatMap((rule) => withVerbs(rule)),
        nonResourceRules: rules.nonResourceRules.flatMap((rule) => withVerbs(rule)),
      }
    },
  }
}

function changes(attributes: Attributes): boolean {
  if (attributes.path !== undefined) return !reading.has(attributes.verb)
  if (connecting.has(attributes.subresource)) return true
  return changing.has(attributes.verb) && !questions.has(attributes.apiGroup)
}

function withVerbs<R extends { readonly verbs: readonly string[]; readonly apiGroups?: readonly string[] }>(
  rule: R,
): R[] {
  if (rule.apiGroups?.every((group) => questions.has(group))) return [rule]
  const verbs = rule.verbs.includes("*")
    ? [...reading].slice(0, 3)
    : rule.verbs.filter((verb) => !changing.has(verb))
  return verbs.length > 0 ? [{ ...rule, verbs }] : []
}
