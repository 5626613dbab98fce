import { matchesLabels, selectorFromObject } from "../../../apimachinery/labels.ts"
import { networkHas, parseIp, parseNetwork } from "../../../base/ip-address.ts"
import type {
  AdminRule,
  AnyClusterPolicy,
  ClusterPolicyPeer,
  ClusterPolicySubject,
  ClusterRule,
} from "../cluster-wide/resources.ts"
import type { PolicyPod } from "../policy-pod.ts"
import { type Connection, podAt, type PolicyWorld } from "./policy-world.ts"

type Rule = AdminRule | ClusterRule

/** What the first rule that matches says; undefined: nothing, or that the next tier decides. */
export function tierDecides(
  world: PolicyWorld,
  tier: string,
  connection: Connection,
  direction: "Ingress" | "Egress",
  pod: PolicyPod,
  other: string,
): boolean | undefined {
  const policies = (world.clusterPolicies ?? [])
    .filter((policy) => tierOf(policy) === tier && selects(world, policy.spec.subject, pod))
    .toSorted((a, b) => priorityOf(a) - priorityOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1))
  const rules = policies.flatMap(({ spec }): readonly Rule[] =>
    direction === "Ingress" ? (spec.ingress ?? []) : (spec.egress ?? []),
  )
  const rule = rules.find(
    (each) =>
      (each.from ?? each.to ?? []).some((peer) => isPeer(world, peer, other)) &&
      isForPort(world, each, connection),
  )
  return !rule || rule.action === "Pass" ? undefined : rule.action !== "Deny"
}

function tierOf({ kind, spec }: AnyClusterPolicy): string {
  return "tier" in spec ? spec.tier : kind === "BaselineAdminNetworkPolicy" ? "Baseline" : "Admin"
}

function priorityOf({ spec }: AnyClusterPolicy): number {
  return "priority" in spec ? spec.priority : Number.POSITIVE_INFINITY
}

function nameOf({ kind, metadata }: AnyClusterPolicy): string {
  return `${kind}/${metadata.name}`
}

function selects(world: PolicyWorld, { namespaces, pods }: ClusterPolicySubject, pod: PolicyPod): boolean {
  const labels = world.namespaces.get(pod.namespace)
  if (!labels) return false
  if (namespaces) return matchesLabels(selectorFromObject(namespaces), labels)
  return (
    pods !== undefined &&
    matchesLabels(selectorFromObject(pods.namespaceSelector ?? {}), labels) &&
    matchesLabels(selectorFromObject(pods.podSelector), pod.labels)
  )
}

function isPeer(world: PolicyWorld, peer: ClusterPolicyPeer, address: string): boolean {
  if (peer.networks) return peer.networks.some((cidr) => networkHas(parseNetwork(cidr)!, parseIp(address)!))
  if (peer.nodes) {
    const node = (world.nodes ?? []).find(({ addresses }) => addresses.includes(address))
    return node !== undefined && matchesLabels(selectorFromObject(peer.nodes), node.labels)
  }
  const pod = podAt(world, address)
  return pod !== undefined && selects(world, peer, pod)
}

function isForPort(world: PolicyWorld, rule: Rule, connection: Connection): boolean {
  const { protocol, port, to } = connection
  const isNamed = (name: string) =>
    (podAt(world, to)?.ports ?? []).some(
      (each) => each.name === name && each.protocol === protocol && each.port === port,
    )
  if ("protocols" in rule)
    return (rule.protocols ?? []).some(({ destinationNamedPort, ...protocols }) => {
      if (destinationNamedPort) return isNamed(destinationNamedPort)
      const found = protocols[protocol.toLowerCase() as "tcp"]
      if (!found) return false
      const { number, range } = found.destinationPort ?? {}
      if (range) return port >= range.start && port <= range.end
      return number === undefined || number === port
    })
  const { ports = [] } = rule as AdminRule
  return (
    ports.length === 0 ||
    ports.some(({ portNumber, portRange, namedPort }) => {
      if (portNumber) return portNumber.protocol === protocol && portNumber.port === port
      if (portRange)
        return (portRange.protocol ?? "TCP") === protocol && port >= portRange.start && port <= portRange.end
      return isNamed(namedPort!)
    })
  )
}
