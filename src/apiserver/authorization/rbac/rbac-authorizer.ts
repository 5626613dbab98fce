import { quote } from "../../../base/quote.ts"
import type { PolicyRule } from "../../../api/rbac/v1/policy-rule.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import {
  type Attributes,
  type Authorizer,
  type Decision,
  noOpinion,
  type NonResourceRule,
  type ResourceRule,
  type UserRules,
} from "../authorizer.ts"
import type { GrantedRules, RbacPolicy } from "./policy.ts"
import { ruleAllows } from "./rule-allows.ts"
import type { Grant } from "./subject-index.ts"

/** Role-based access control (https://kubernetes.io/docs/reference/access-authn-authz/rbac/), from memory. */
export class RbacAuthorizer implements Authorizer {
  readonly #policy: RbacPolicy

  constructor(policy: RbacPolicy) {
    this.#policy = policy
  }

  authorize(attributes: Attributes): Decision {
    const namespace = attributes.path === undefined ? attributes.namespace : ""
    let errors: string[] | undefined
    for (const granted of this.#policy.rulesOf(attributes.user, namespace)) {
      for (const rule of granted.rules) {
        if (ruleAllows(rule, attributes))
          return { decision: "allowed", reason: `RBAC: allowed by ${describe(granted)}` }
      }
      if (granted.error) (errors ??= []).push(granted.error.message)
    }
    return errors ? { decision: "noOpinion", reason: `RBAC: ${joinErrors(errors)}` } : noOpinion
  }

  rulesFor(user: UserInfo, namespace: string): UserRules {
    const { rules, errors } = collectRules(this.#policy.rulesOf(user, namespace))
    return {
      resourceRules: rules.filter(({ resources }) => resources?.length).map(resourceRule),
      nonResourceRules: rules.filter(({ nonResourceURLs }) => nonResourceURLs?.length).map(nonResourceRule),
      incomplete: false,
      ...(errors.length > 0 && { evaluationError: joinErrors(errors) }),
    }
  }
}

/** All rules of all grants, each binding counted once. */
export function collectRules(granted: Iterable<GrantedRules>): { rules: PolicyRule[]; errors: string[] } {
  const seen = new Set<unknown>()
  const rules: PolicyRule[] = []
  const errors: string[] = []
  for (const { binding, rules: more, error } of granted) {
    if (seen.has(binding)) continue
    seen.add(binding)
    rules.push(...more)
    if (error) errors.push(error.message)
  }
  return { rules, errors }
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule): ResourceRule {
  return {
    verbs: verbs ?? [],
    apiGroups: apiGroups ?? [],
    resources: resources ?? [],
    ...(resourceNames?.length && { resourceNames }),
  }
}

function nonResourceRule({ verbs, nonResourceURLs }: PolicyRule): NonResourceRule {
  return { verbs: verbs ?? [], nonResourceURLs: nonResourceURLs ?? [] }
}

function describe({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata
  const what = namespace
    ? `RoleBinding ${quote(`${name}/${namespace}`)}`
    : `ClusterRoleBinding ${quote(name)}`
  const { kind, name: roleName } = binding.roleRef
  const who =
    subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace || namespace}` : subject.name
  return `${what} of ${kind} ${quote(roleName)} to ${subject.kind} ${quote(who)}`
}

function joinErrors(errors: readonly string[]): string {
  const unique = [...new Set(errors)]
  return unique.length === 1 ? unique[0]! : `[${unique.join(", ")}]`
}
