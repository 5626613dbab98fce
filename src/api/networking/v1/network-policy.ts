import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  int32,
  intOrString,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, formatSelector, nameColumn } from "../../columns.ts"
import { Protocol } from "../../core/v1/container.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const NetworkPolicyPort = message("io.k8s.api.networking.v1.NetworkPolicyPort", {
  protocol: optional(1, Protocol, { default: "TCP" }),
  port: optional(2, intOrString),
  endPort: optional(3, int32),
})
export interface NetworkPolicyPort extends Infer<typeof NetworkPolicyPort> {}

export const IPBlock = message("io.k8s.api.networking.v1.IPBlock", {
  cidr: always(1, string, { required: true }),
  except: field(2, list(string)),
})
export interface IPBlock extends Infer<typeof IPBlock> {}

export const NetworkPolicyPeer = message("io.k8s.api.networking.v1.NetworkPolicyPeer", {
  podSelector: optional(1, LabelSelector),
  namespaceSelector: optional(2, LabelSelector),
  ipBlock: optional(3, IPBlock),
})
export interface NetworkPolicyPeer extends Infer<typeof NetworkPolicyPeer> {}

export const NetworkPolicyIngressRule = message("io.k8s.api.networking.v1.NetworkPolicyIngressRule", {
  ports: field(1, list(NetworkPolicyPort)),
  from: field(2, list(NetworkPolicyPeer)),
})
export interface NetworkPolicyIngressRule extends Infer<typeof NetworkPolicyIngressRule> {}

export const NetworkPolicyEgressRule = message("io.k8s.api.networking.v1.NetworkPolicyEgressRule", {
  ports: field(1, list(NetworkPolicyPort)),
  to: field(2, list(NetworkPolicyPeer)),
})
export interface NetworkPolicyEgressRule extends Infer<typeof NetworkPolicyEgressRule> {}

export const PolicyType = enumeration("Egress", "Ingress")
export type PolicyType = Infer<typeof PolicyType>

export const NetworkPolicySpec = message(
  "io.k8s.api.networking.v1.NetworkPolicySpec",
  {
    podSelector: always(1, LabelSelector),
    ingress: field(2, list(NetworkPolicyIngressRule)),
    egress: field(3, list(NetworkPolicyEgressRule)),
    policyTypes: field(4, list(PolicyType)),
  },
  { applyDefaults: (spec) => defaultNetworkPolicySpec(spec) },
)
export interface NetworkPolicySpec extends Infer<typeof NetworkPolicySpec> {}

export const NetworkPolicySchema = message("io.k8s.api.networking.v1.NetworkPolicy", {
  ...objectFields,
  spec: always(2, NetworkPolicySpec),
})
/** Who may talk to the pods it selects, and whom they may talk to. */
export interface NetworkPolicy extends Infer<typeof NetworkPolicySchema> {}

export const NetworkPolicy = resource<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  namespaced: true,
  shortNames: ["netpol"],
  columns: [
    nameColumn,
    column(
      "Pod-Selector",
      "podSelector selects the pods to which this NetworkPolicy object applies. The array of rules is applied to any pods selected by this field. An empty selector matches all pods in the policy's namespace. Multiple network policies can select the same set of pods. In this case, the ingress rules for each are combined additively. This field is optional. If it is not specified, it defaults to an empty selector.",
      ({ spec }) => formatSelector(spec.podSelector),
    ),
    ageColumn,
  ],
  schema: NetworkPolicySchema,
})

/** Every policy is about ingress unless it says otherwise; one with egress rules is about that too. */
function defaultNetworkPolicySpec(spec: NetworkPolicySpec): void {
  if (spec.policyTypes?.length) return
  spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"]
}
