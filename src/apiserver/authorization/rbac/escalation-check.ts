import { quote } from "../../../base/quote.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import { forbidden } from "../../../apimachinery/status-errors.ts"
import type { ClusterRole } from "../../../api/rbac/v1/cluster-role.ts"
import type { PolicyRule } from "../../../api/rbac/v1/policy-rule.ts"
import type { AdmissionAttributes, AdmissionPlugin } from "../../admission/admission.ts"
import { mastersGroup, type UserInfo } from "../../authentication/authenticator.ts"
import { deepEqual } from "../../handlers/equal-objects.ts"
import type { Authorizer } from "../authorizer.ts"
import type { RbacPolicy } from "./policy.ts"
import { collectRules } from "./rbac-authorizer.ts"
import { describeRules, missingRules } from "./rule-cover.ts"
import type { Binding } from "./subject-index.ts"

const group = "rbac.authorization.k8s.io"

/**
 * Nobody grants what they do not have (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping):
 * a role may be written by those who hold all its rules or may `escalate` it, a binding by those who hold all rules of its
 * role or may `bind` it. Part of RBAC and never switched off; it has the form of an admission plugin because it judges
 * the same thing at the same time.
 */
export function escalationCheck(policy: RbacPolicy, authorizer: Authorizer): AdmissionPlugin {
  const check = new EscalationCheck(policy, authorizer)
  return {
    name: "RBACEscalationCheck",
    on: [
      {
        operations: ["CREATE", "UPDATE"],
        resources: ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map(
          (plural) => `${plural}.${group}`,
        ),
      },
    ],
    async mutate(attributes) {
      await check.check(attributes)
      return attributes.object
    },
  }
}

const fullAuthority: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
]

class EscalationCheck {
  readonly #policy: RbacPolicy
  readonly #authorizer: Authorizer

  constructor(policy: RbacPolicy, authorizer: Authorizer) {
    this.#policy = policy
    this.#authorizer = authorizer
  }

  /** Throws StatusError Forbidden. */
  async check(attributes: AdmissionAttributes): Promise<void> {
    const { user, object, oldObject } = attributes
    if (user.groups.includes(mastersGroup) || !object) return
    if (oldObject && differsOnlyForDeletion(object, oldObject)) return
    const isBinding = attributes.resource.plural.endsWith("bindings")
    return isBinding ? this.#checkBinding(attributes) : this.#checkRole(attributes)
  }

  async #checkRole(attributes: AdmissionAttributes): Promise<void> {
    const { user, namespace, object, oldObject, resource } = attributes
    if (await this.#mayEither("escalate", resource.plural, attributes)) return
    const role = object as ClusterRole
    const refuse = (why: string) => forbidden(resource, role.metadata.name, why)
    const problem = this.#escalationProblem(user, namespace, role.rules ?? [])
    if (problem) throw refuse(problem)
    // An aggregation rule can gather anything.
    if (!gathers(role) && !gathers(oldObject as ClusterRole | undefined)) return
    if (this.#escalationProblem(user, namespace, fullAuthority))
      throw refuse("must have cluster-admin privileges to use the aggregationRule")
  }

  async #checkBinding(attributes: AdmissionAttributes): Promise<void> {
    const { user, namespace, resource } = attributes
    const binding = attributes.object as Binding
    const { kind, name } = binding.roleRef
    const plural = kind === "ClusterRole" ? "clusterroles" : "roles"
    if (await this.#mayEither("bind", plural, { ...attributes, name })) return
    const rules = this.#policy.getRules(binding.roleRef, namespace)
    const problem = this.#escalationProblem(user, namespace, rules)
    if (problem) throw forbidden(resource, binding.metadata.name, problem)
  }

  async #mayEither(
    verb: "escalate" | "bind",
    plural: string,
    { user, namespace, name }: Pick<AdmissionAttributes, "user" | "namespace" | "name">,
  ): Promise<boolean> {
    const question = { user, verb, apiGroup: group, apiVersion: "*", resource: plural, subresource: "" }
    const { decision } = await this.#authorizer.authorize({ ...question, namespace, name })
    return decision === "allowed"
  }

  #escalationProblem(user: UserInfo, namespace: string, wanted: readonly PolicyRule[]): string | undefined {
    const { rules, errors } = collectRules(this.#policy.rulesOf(user, namespace))
    const missing = missingRules(rules, wanted)
    if (missing.length === 0) return undefined
    const groups = `[${user.groups.map(quote).join(" ")}]`
    const lines = describeRules(missing).join("\n")
    const resolution = errors.length > 0 ? `; resolution errors: [${errors.join(", ")}]` : ""
    return `user ${quote(user.name)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${lines}${resolution}`
  }
}

function gathers(role: ClusterRole | undefined): boolean {
  return (role?.aggregationRule?.clusterRoleSelectors?.length ?? 0) > 0
}

/** The garbage collector takes off owners and finalizers of roles it could never grant. */
function differsOnlyForDeletion(object: KubeObject, oldObject: KubeObject): boolean {
  const { ownerReferences, finalizers, managedFields } = oldObject.metadata
  const metadata = { ...object.metadata, ownerReferences, finalizers, managedFields }
  return deepEqual({ ...object, metadata }, oldObject)
}
