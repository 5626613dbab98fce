import { matchesLabels, selectorFromObject } from "../../../apimachinery/labels.ts"
import { networkHas, parseIp, parseNetwork } from "../../../base/ip-address.ts"
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "../../../api/networking/v1/network-policy.ts"
import type { PolicyPod } from "../policy-pod.ts"
import { type Connection, podAt, type PolicyWorld } from "./policy-world.ts"
import { tierDecides } from "./tier-decides.ts"

/**
 * The meaning of NetworkPolicies, read off their definition
 * (https://kubernetes.io/docs/concepts/services-networking/network-policies/) without a thought for speed. The rules in
 * the kernel are tested against it.
 *
 * Cluster-wide policies (https://network-policy-api.sigs.k8s.io/api-overview/) are asked before and after: the first rule of
 * the tier "Admin" that matches decides, unless it passes on; pods that no NetworkPolicy selects are left to the tier
 * "Baseline".
 *
 * Policies add up: a pod that none selects (for a direction) talks to everybody; one that is selected talks to those that
 * at least one of its policies names. A connection needs the leave of both its ends. Answers need none, and neither does the
 * node that runs a pod. Pods that live on a node's own address are the node: neither selected nor peers by their labels.
 */
export function isAllowed(world: PolicyWorld, connection: Connection): boolean {
  const { from, to } = connection
  if (from === to) return true
  return endAllows(world, connection, "Egress", from, to) && endAllows(world, connection, "Ingress", to, from)
}

function endAllows(
  world: PolicyWorld,
  connection: Connection,
  direction: "Ingress" | "Egress",
  own: string,
  other: string,
): boolean {
  const pod = podAt(world, own)
  if (!pod || (direction === "Ingress" && pod.nodeAddresses?.includes(other))) return true
  const admin = tierDecides(world, "Admin", connection, direction, pod, other)
  if (admin !== undefined) return admin
  const policies = world.policies.filter((policy) => governs(policy, pod, direction))
  if (policies.length === 0) return tierDecides(world, "Baseline", connection, direction, pod, other) ?? true
  return policies.some(({ metadata, spec }) => {
    const rules = direction === "Ingress" ? (spec.ingress ?? []) : (spec.egress ?? [])
    return rules.some((rule) => {
      const peers = "from" in rule ? rule.from : "to" in rule ? rule.to : undefined
      return (
        matchesPeers(world, peers ?? [], metadata.namespace ?? "", other) &&
        matchesPorts(world, rule.ports ?? [], connection)
      )
    })
  })
}

function governs(
  { metadata, spec }: NetworkPolicy,
  pod: PolicyPod,
  direction: "Ingress" | "Egress",
): boolean {
  return (
    metadata.namespace === pod.namespace &&
    (spec.policyTypes ?? []).includes(direction) &&
    matchesLabels(selectorFromObject(spec.podSelector), pod.labels)
  )
}

function matchesPeers(
  world: PolicyWorld,
  peers: readonly NetworkPolicyPeer[],
  policyNamespace: string,
  address: string,
): boolean {
  return peers.length === 0 || peers.some((peer) => matchesPeer(world, peer, policyNamespace, address))
}

function matchesPeer(
  world: PolicyWorld,
  peer: NetworkPolicyPeer,
  policyNamespace: string,
  address: string,
): boolean {
  if (peer.ipBlock) {
    const isIn = (cidr: string) => networkHas(parseNetwork(cidr)!, parseIp(address)!)
    return isIn(peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some(isIn)
  }
  const pod = podAt(world, address)
  if (!pod) return false
  const namespaceLabels = world.namespaces.get(pod.namespace)
  const namespaceMatches = peer.namespaceSelector
    ? namespaceLabels !== undefined &&
      matchesLabels(selectorFromObject(peer.namespaceSelector), namespaceLabels)
    : pod.namespace === policyNamespace
  return (
    namespaceMatches && (!peer.podSelector || matchesLabels(selectorFromObject(peer.podSelector), pod.labels))
  )
}

function matchesPorts(
  world: PolicyWorld,
  ports: readonly NetworkPolicyPort[],
  connection: Connection,
): boolean {
  return ports.length === 0 || ports.some((port) => matchesPort(world, port, connection))
}

/** A name means whatever the pod that is connected to calls so. */
function matchesPort(
  world: PolicyWorld,
  { protocol = "TCP", port, endPort }: NetworkPolicyPort,
  connection: Connection,
): boolean {
  if (connection.protocol !== protocol) return false
  if (port === undefined) return true
  if (typeof port === "number") return connection.port >= port && connection.port <= (endPort ?? port)
  return (podAt(world, connection.to)?.ports ?? []).some(
    (named) => named.name === port && named.protocol === protocol && named.port === connection.port,
  )
}
