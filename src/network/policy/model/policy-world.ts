import type { Labels } from "../../../apimachinery/labels.ts"
import type { NetworkPolicy } from "../../../api/networking/v1/network-policy.ts"
import type { AnyClusterPolicy } from "../cluster-wide/resources.ts"
import type { PolicyPod, PolicyProtocol } from "../policy-pod.ts"

/** Everything that decides whether a connection may be made. */
export interface PolicyWorld {
  readonly policies: readonly NetworkPolicy[]
  /** Of all three kinds. @default [] */
  readonly clusterPolicies?: readonly AnyClusterPolicy[]
  /** @default [] */
  readonly nodes?: readonly { readonly labels: Labels; readonly addresses: readonly string[] }[]
  readonly pods: readonly ModelPod[]
  readonly namespaces: ReadonlyMap<string, Labels>
}

export interface ModelPod extends PolicyPod {
  /** Of the node that runs it, which may always connect to it. @default [] */
  readonly nodeAddresses?: readonly string[]
}

export interface Connection {
  readonly from: string
  readonly to: string
  readonly protocol: PolicyProtocol
  readonly port: number
}

export function podAt({ pods }: PolicyWorld, address: string): ModelPod | undefined {
  return pods.find(({ addresses }) => addresses.includes(address))
}
