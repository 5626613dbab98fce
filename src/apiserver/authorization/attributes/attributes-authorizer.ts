import type { UserInfo } from "../../authentication/authenticator.ts"
import type { Attributes, Authorizer, Decision, UserRules } from "../authorizer.ts"
import type { Policy } from "./policy-file.ts"

const readingVerbs: ReadonlySet<string> = new Set(["get", "list", "watch"])

/** Attribute-based access: the policies of a file, any of which may allow a request, and none can deny it. */
export class AttributesAuthorizer implements Authorizer {
  readonly #policies: readonly Policy[]

  constructor(policies: readonly Policy[]) {
    this.#policies = policies
  }

  authorize(attributes: Attributes): Decision {
    return this.#policies.some((policy) => allows(policy, attributes))
      ? { decision: "allowed", reason: "" }
      : { decision: "noOpinion", reason: "No policy matched." }
  }

  rulesFor(user: UserInfo, namespace: string): UserRules {
    const own = this.#policies.filter(
      (policy) => isAbout(policy, user) && (policy.namespace === "*" || policy.namespace === namespace),
    )
    const verbsOf = ({ readonly }: Policy) => (readonly ? [...readingVerbs] : ["*"])
    return {
      resourceRules: own
        .filter(({ resource }) => resource !== "")
        .map((policy) => ({
          verbs: verbsOf(policy),
          apiGroups: [policy.apiGroup],
          resources: [policy.resource],
        })),
      nonResourceRules: own
        .filter(({ nonResourcePath }) => nonResourcePath !== "")
        .map((policy) => ({ verbs: verbsOf(policy), nonResourceURLs: [policy.nonResourcePath] })),
      incomplete: false,
    }
  }
}

function allows(policy: Policy, attributes: Attributes): boolean {
  if (!isAbout(policy, attributes.user)) return false
  if (policy.readonly && !readingVerbs.has(attributes.verb)) return false
  if (attributes.path !== undefined) return coversPath(policy.nonResourcePath, attributes.path)
  const { namespace, resource, apiGroup } = attributes
  const covers = (allowed: string, asked: string) => allowed === "*" || allowed === asked
  return (
    covers(policy.namespace, namespace) &&
    covers(policy.resource, resource) &&
    covers(policy.apiGroup, apiGroup)
  )
}

/** A policy that names a user and a group is about that user only while in that group. */
function isAbout({ user, group }: Policy, asking: UserInfo): boolean {
  if (user === "" && group === "") return false
  return (user === "" || user === asking.name) && (group === "" || asking.groups.includes(group))
}

function coversPath(allowed: string, path: string): boolean {
  if (allowed === "*" || allowed === path) return true
  return allowed.endsWith("*") && path.startsWith(allowed.replace(/\*+$/, ""))
}
