import type { NetworkPolicyPort } from "../../../api/networking/v1/network-policy.ts"
import type { PolicyPeer } from "../peer-selector.ts"
import type { Direction } from "../rule-text.ts"
import type {
  AdminPort,
  AdminRule,
  AnyClusterPolicy,
  ClusterPolicyPeer,
  ClusterPolicySubject,
  ClusterProtocol,
  ClusterRule,
} from "./resources.ts"

/** What all kinds of cluster-wide policies say, in one form. */
export interface ClusterPolicy {
  /** "AdminNetworkPolicy/quarantine" */
  readonly id: string
  readonly tier: "Admin" | "Baseline"
  /** Lower comes first. */
  readonly priority: number
  /** Undefined: a kind of subject that we do not know; then it is nobody's. */
  readonly subject: PolicyPeer | undefined
  readonly rules: Readonly<Record<Direction, readonly ClusterPolicyRule[]>>
  /** False: something in it is of a kind that we do not know. */
  readonly isWhole: boolean
  /** Connections that it denies are told to the kernel's log. */
  readonly logsDenied: boolean
}

export interface ClusterPolicyRule {
  readonly action: "Accept" | "Deny" | "Pass"
  /** Never empty, but for a rule that is about everybody. */
  readonly peers: readonly PolicyPeer[]
  /** Empty: all. */
  readonly ports: readonly NetworkPolicyPort[]
  /** Its name, or its place: "ingress rule 2". */
  readonly title: string
}

/** Denied connections of policies with this annotation are logged. */
const logDeniedAnnotation = "coracle.dev/log-denied"

export function toClusterPolicy(kind: string, policy: AnyClusterPolicy): ClusterPolicy {
  const { metadata, spec } = policy
  const subject = subjectPeer(spec.subject)
  return {
    id: `${kind}/${metadata.name}`,
    tier: "tier" in spec ? spec.tier : kind === "BaselineAdminNetworkPolicy" ? "Baseline" : "Admin",
    // The baseline policy without a number is asked after those that have one.
    priority: "priority" in spec ? spec.priority : 1001,
    subject,
    rules: {
      ingress: toRules("ingress", spec.ingress ?? []),
      egress: toRules("egress", spec.egress ?? []),
    },
    isWhole:
      subject !== undefined &&
      (spec.ingress ?? []).every((rule) => isKnown("ingress", rule)) &&
      (spec.egress ?? []).every((rule) => isKnown("egress", rule)),
    logsDenied: metadata.annotations?.[logDeniedAnnotation] === "true",
  }
}

/** A rule with a part that we do not know is taken in the safe way: it accepts nothing, or denies everything. */
function isKnown(direction: Direction, rule: AdminRule | ClusterRule): boolean {
  const peers = peersOf(direction, rule)
  return peers.length > 0 && !peers.some(isUnknownPeer) && portsOf(rule) !== undefined
}

function peersOf(direction: Direction, rule: AdminRule | ClusterRule): readonly ClusterPolicyPeer[] {
  return (direction === "ingress" ? rule.from : rule.to) ?? []
}

/** The order in which policies of a tier are asked. Equal priorities are left to us: by name, so that all nodes agree. */
export function byPrecedence(a: ClusterPolicy, b: ClusterPolicy): number {
  return a.priority - b.priority || (a.id < b.id ? -1 : 1)
}

function toRules(
  direction: Direction,
  rules: readonly (AdminRule | ClusterRule)[],
): readonly ClusterPolicyRule[] {
  return rules.flatMap((rule, index) => {
    const title = rule.name ?? `${direction} rule ${index + 1}`
    const action = rule.action === "Allow" ? "Accept" : rule.action
    if (!isKnown(direction, rule))
      return action === "Accept" ? [] : [{ action: "Deny", peers: [], ports: [], title }]
    return [{ action, peers: peersOf(direction, rule).flatMap(toPeers), ports: portsOf(rule)!, title }]
  })
}

function isUnknownPeer(peer: ClusterPolicyPeer): boolean {
  return !peer.namespaces && !peer.pods && !peer.nodes && !peer.networks
}

function subjectPeer({ namespaces, pods }: ClusterPolicySubject): PolicyPeer | undefined {
  if (namespaces) return { namespaceSelector: namespaces } as PolicyPeer
  return (
    pods && ({ namespaceSelector: pods.namespaceSelector ?? {}, podSelector: pods.podSelector } as PolicyPeer)
  )
}

function toPeers(peer: ClusterPolicyPeer): PolicyPeer[] {
  if (peer.networks) return peer.networks.map((cidr) => ({ ipBlock: { cidr } }))
  if (peer.nodes) return [{ nodeSelector: peer.nodes }]
  return [subjectPeer(peer)!]
}

/** Undefined: one of them is of a kind that we do not know. */
function portsOf(rule: AdminRule | ClusterRule): NetworkPolicyPort[] | undefined {
  const lists =
    "protocols" in rule
      ? (rule.protocols ?? []).map(ofProtocol)
      : ((rule as AdminRule).ports ?? []).map(ofAdminPort)
  return lists.some((each) => each.length === 0) ? undefined : lists.flat()
}

function ofAdminPort({ portNumber, portRange, namedPort }: AdminPort): NetworkPolicyPort[] {
  if (portNumber) return [portNumber]
  if (portRange)
    return [{ protocol: portRange.protocol ?? "TCP", port: portRange.start, endPort: portRange.end }]
  return ofName(namedPort)
}

function ofProtocol({ destinationNamedPort, ...protocols }: ClusterProtocol): NetworkPolicyPort[] {
  if (destinationNamedPort) return ofName(destinationNamedPort)
  return (["tcp", "udp", "sctp"] as const).flatMap((name) => {
    const found = protocols[name]
    if (!found) return []
    const protocol = name.toUpperCase() as "TCP"
    const { number, range } = found.destinationPort ?? {}
    if (range) return [{ protocol, port: range.start, endPort: range.end }]
    return [number === undefined ? { protocol } : { protocol, port: number }]
  })
}

/** A name by itself says nothing of the protocol. */
function ofName(name: string | undefined): NetworkPolicyPort[] {
  return name ? (["TCP", "UDP", "SCTP"] as const).map((protocol) => ({ protocol, port: name })) : []
}
