import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { LabelSelectorObject } from "../../../apimachinery/labels.ts"
import { resource, type Resource } from "../../../apimachinery/resource.ts"
import { message } from "../../../apimachinery/schema.ts"
import type { PolicyProtocol } from "../policy-pod.ts"

// The Network Policy API (https://network-policy-api.sigs.k8s.io): policies of the cluster's administrators, before and behind
// those of the namespaces. What may be in them is said by their definitions (definitions.ts); these are the parts we read.

export const policyGroup = "policy.networking.k8s.io"

export interface NamespacedPods {
  readonly namespaceSelector?: LabelSelectorObject
  readonly podSelector: LabelSelectorObject
}

/** Exactly one of these is there; none: something that we do not know. */
export interface ClusterPolicySubject {
  readonly namespaces?: LabelSelectorObject
  readonly pods?: NamespacedPods
}

/** Nodes and networks are for egress alone. */
export interface ClusterPolicyPeer extends ClusterPolicySubject {
  readonly nodes?: LabelSelectorObject
  readonly networks?: readonly string[]
}

interface ClusterRuleBase<Action extends string> {
  readonly name?: string
  readonly action: Action
  /** Of ingress rules. */
  readonly from?: readonly ClusterPolicyPeer[]
  /** Of egress rules. */
  readonly to?: readonly ClusterPolicyPeer[]
}

interface ClusterPolicySpec<Rule> {
  readonly subject: ClusterPolicySubject
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

export interface PolicyCondition {
  readonly type: string
  readonly status: "True" | "False"
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
  readonly lastTransitionTime: string
}

interface WithConditions {
  readonly status?: { readonly conditions?: readonly PolicyCondition[] }
}

/** v1alpha1 */
export interface AdminPort {
  readonly portNumber?: { readonly protocol: PolicyProtocol; readonly port: number }
  readonly portRange?: {
    readonly protocol?: PolicyProtocol
    readonly start: number
    readonly end: number
  }
  readonly namedPort?: string
}

export interface AdminRule extends ClusterRuleBase<"Allow" | "Deny" | "Pass"> {
  readonly ports?: readonly AdminPort[]
}

export interface AdminNetworkPolicy extends KubeObject, WithConditions {
  readonly spec: ClusterPolicySpec<AdminRule> & { readonly priority: number }
}

/** There is one at most, called "default". */
export interface BaselineAdminNetworkPolicy extends KubeObject, WithConditions {
  readonly spec: ClusterPolicySpec<AdminRule>
}

/** v1alpha2 */
export interface PortOfProtocol {
  readonly destinationPort?: {
    readonly number?: number
    readonly range?: { readonly start: number; readonly end: number }
  }
}

export interface ClusterProtocol {
  readonly tcp?: PortOfProtocol
  readonly udp?: PortOfProtocol
  readonly sctp?: PortOfProtocol
  readonly destinationNamedPort?: string
}

export interface ClusterRule extends ClusterRuleBase<"Accept" | "Deny" | "Pass"> {
  readonly protocols?: readonly ClusterProtocol[]
}

export interface ClusterNetworkPolicy extends KubeObject, WithConditions {
  readonly spec: ClusterPolicySpec<ClusterRule> & {
    readonly tier: "Admin" | "Baseline"
    readonly priority: number
  }
}

export type AnyClusterPolicy = AdminNetworkPolicy | BaselineAdminNetworkPolicy | ClusterNetworkPolicy

const common = { group: policyGroup, namespaced: false, hasStatus: true, schema: message("", {}) }

export const AdminNetworkPolicy = resource<AdminNetworkPolicy>({
  ...common,
  version: "v1alpha1",
  kind: "AdminNetworkPolicy",
  plural: "adminnetworkpolicies",
})

export const BaselineAdminNetworkPolicy = resource<BaselineAdminNetworkPolicy>({
  ...common,
  version: "v1alpha1",
  kind: "BaselineAdminNetworkPolicy",
  plural: "baselineadminnetworkpolicies",
})

export const ClusterNetworkPolicy = resource<ClusterNetworkPolicy>({
  ...common,
  version: "v1alpha2",
  kind: "ClusterNetworkPolicy",
  plural: "clusternetworkpolicies",
})

export const clusterPolicyResources = [
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
] as readonly Resource<AnyClusterPolicy>[]
