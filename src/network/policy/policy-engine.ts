import { shortHash } from "../../base/real/short-hash.ts"
import { type Labels, matchesLabels, type Selector, selectorFromObject } from "../../apimachinery/labels.ts"
import { type IpFamily, ipFamily } from "../../base/ip-address.ts"
import type { NetworkPolicy } from "../../api/networking/v1/network-policy.ts"
import { byPrecedence, type ClusterPolicy } from "./cluster-wide/cluster-policy.ts"
import { clusterRuleTexts } from "./cluster-wide/cluster-rule-texts.ts"
import { MemberSets } from "./member-sets.ts"
import { nodesNamespace, type PeerSelector, peerSelector } from "./peer-selector.ts"
import type { PolicyPod } from "./policy-pod.ts"
import { fixedSets, planPolicyTable, policyTable } from "./policy-table.ts"
import { type Direction, type PolicyRule, ruleTexts } from "./rule-text.ts"
import { TableDraft } from "./table-draft.ts"

interface KnownPolicy {
  readonly policy: NetworkPolicy
  readonly selector: Selector
  /** The chains of its rules, for the directions it is about. */
  readonly chains: Readonly<Partial<Record<Direction, string>>>
}

interface KnownClusterPolicy {
  readonly policy: ClusterPolicy
  readonly subject: PeerSelector | undefined
}

/** What becomes of a pod's connections: where its addresses lead to, and all chains that this takes. */
interface Profile {
  readonly addresses: readonly string[]
  readonly entries: readonly string[]
  readonly chains: readonly string[]
}

/** Everything that is done with new connections of the pods that have the same policies, in one direction. */
interface DirectionChains {
  readonly entry: string
  readonly chains: readonly string[]
}

/**
 * Keeps the kernel's table in step with policies, pods and namespaces, one change at a time: a pod that comes or goes changes
 * elements of the sets it is in, a policy that changes makes its own chain anew. Sets are shared by all peers that mean the
 * same pods, chains by all pods that have the same policies.
 *
 * Invariant: after every call, the draft accepts exactly what `isAllowed` allows for pods of this node.
 */
export class PolicyEngine {
  readonly #prefix: string
  readonly #drafts: ReadonlyMap<IpFamily, TableDraft>
  readonly #members: MemberSets
  readonly #policies = new Map<string, KnownPolicy>()
  readonly #policiesOf = new Map<string, Set<string>>()
  readonly #clusterPolicies = new Map<string, KnownClusterPolicy>()
  readonly #profiles = new Map<string, Profile>()
  readonly #profileUsers = new Map<string, number>()
  /** Who an address belongs to: a pod that is gone must not take away the protection of one that came after it. */
  readonly #holders = new Map<string, string>()

  constructor(prefix: string, families: readonly IpFamily[]) {
    this.#prefix = prefix
    this.#drafts = new Map(
      families.map((family) => [family, new TableDraft(policyTable(prefix, family), fixedSets)]),
    )
    this.#members = new MemberSets(this.#drafts)
  }

  setPod(key: string, pod: PolicyPod | undefined): void {
    this.#members.setPod(key, pod)
    this.#govern(key)
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    this.#members.setNamespace(name, labels)
    // Cluster-wide policies may select its pods by its labels.
    if (this.#clusterPolicies.size > 0) this.#governAll(this.#members.localPodsOf(name))
  }

  /** Nodes are peers of cluster-wide policies alone. */
  setNode(name: string, node: { labels: Labels; addresses: readonly string[] } | undefined): void {
    const member = node && { ...node, namespace: nodesNamespace, ports: [], local: false }
    this.#members.setPod(`${nodesNamespace}/${name}`, member)
  }

  setClusterPolicy(id: string, policy: ClusterPolicy | undefined): void {
    const known = this.#clusterPolicies.get(id)
    if (policy) {
      this.#useClusterPeers(policy, 1)
      const subject = policy.subject && peerSelector(policy.subject, "")
      this.#clusterPolicies.set(id, { policy, subject })
    } else this.#clusterPolicies.delete(id)
    this.#governAll(this.#members.localPods())
    // Last, so that no rule refers to a set that goes.
    if (known) this.#useClusterPeers(known.policy, -1)
  }

  /** `key` is "namespace/name". */
  setPolicy(key: string, policy: NetworkPolicy | undefined): void {
    const known = this.#policies.get(key)
    const namespace = (policy ?? known?.policy)?.metadata.namespace ?? ""
    const next = policy && this.#knownPolicy(key, policy)
    // New users of sets first, so that sets that both need stay.
    if (next) this.#usePeers(next.policy, 1)
    if (known) this.#usePeers(known.policy, -1)
    if (next) this.#policies.set(key, next)
    else this.#policies.delete(key)
    this.#indexPolicy(namespace, key, next !== undefined)
    if (next) this.#writeChains(next)
    this.#governAll(this.#members.localPodsOf(namespace))
    for (const [direction, chain] of Object.entries(known?.chains ?? {}))
      if (next?.chains[direction as Direction] !== chain)
        for (const draft of this.#drafts.values()) draft.deleteChain(chain)
  }

  /** Commands from what the kernel has to what it should have; "" when it has. */
  takeChange(): string {
    return Array.from(this.#drafts.values(), (draft) => draft.takeChange()).join("")
  }

  /** Commands that make everything anew. */
  takeAll(): string {
    const texts = Array.from(
      this.#drafts,
      ([family, draft]) => `${planPolicyTable(this.#prefix, family)}${draft.takeAll()}`,
    )
    return texts.join("")
  }

  #knownPolicy(key: string, policy: NetworkPolicy): KnownPolicy {
    const id = shortHash(key)
    const types = policy.spec.policyTypes ?? []
    return {
      policy,
      selector: selectorFromObject(policy.spec.podSelector),
      chains: {
        ...(types.includes("Ingress") && { ingress: `policy-${id}-ingress` }),
        ...(types.includes("Egress") && { egress: `policy-${id}-egress` }),
      },
    }
  }

  #indexPolicy(namespace: string, key: string, exists: boolean): void {
    const keys = this.#policiesOf.get(namespace) ?? new Set()
    if (exists) keys.add(key)
    else keys.delete(key)
    if (keys.size > 0) this.#policiesOf.set(namespace, keys)
    else this.#policiesOf.delete(namespace)
  }

  #usePeers({ spec, metadata }: NetworkPolicy, users: 1 | -1): void {
    for (const direction of ["ingress", "egress"] as const)
      for (const rule of rulesOf(spec, direction)) this.#useMembers(rule, metadata.namespace ?? "", users)
  }

  #useClusterPeers({ rules }: ClusterPolicy, users: 1 | -1): void {
    for (const { peers, ports } of [...rules.ingress, ...rules.egress])
      this.#useMembers({ peers, ports }, "", users)
  }

  #useMembers({ peers, ports }: PolicyRule, namespace: string, users: 1 | -1): void {
    for (const peer of peers) if (!peer.ipBlock) this.#members.usePeers(peerSelector(peer, namespace), users)
    for (const { port, protocol = "TCP" } of ports)
      if (typeof port === "string") this.#members.usePort(port, protocol, users)
  }

  #writeChains({ policy, chains }: KnownPolicy): void {
    for (const direction of ["ingress", "egress"] as const) {
      const chain = chains[direction]
      if (!chain) continue
      for (const [family, draft] of this.#drafts)
        draft.setChain(
          chain,
          rulesOf(policy.spec, direction).flatMap((rule) =>
            ruleTexts(rule, direction, policy.metadata.namespace ?? "", family),
          ),
        )
    }
  }

  #governAll(podKeys: readonly string[]): void {
    for (const key of podKeys) this.#govern(key)
  }

  /** Makes the pod's addresses lead to the chains of the policies that select it. */
  #govern(podKey: string): void {
    const pod = this.#members.pod(podKey)
    const before = this.#profiles.get(podKey)
    const made = pod?.local
      ? (["ingress", "egress"] as const).flatMap((direction) => this.#directionChains(pod, direction) ?? [])
      : []
    const entries = made.map(({ entry }) => entry)
    const chains = made.flatMap((each) => each.chains)
    const addresses = pod?.addresses ?? []
    if (before && sameTexts(before.chains, chains) && sameTexts(before.addresses, addresses)) return
    for (const chain of chains) this.#profileUsers.set(chain, (this.#profileUsers.get(chain) ?? 0) + 1)
    for (const address of before?.addresses ?? []) this.#removeAddress(address, podKey)
    for (const address of addresses) this.#addAddress(address, podKey, entries)
    for (const chain of before?.chains ?? []) this.#releaseProfile(chain)
    if (chains.length > 0) this.#profiles.set(podKey, { addresses, entries, chains })
    else this.#profiles.delete(podKey)
  }

  /**
   * Three tiers, each asked when the one before has not decided: the administrators' policies in the order of their
   * priorities, the namespace's own, and if it has none for this pod, the administrators' baseline. Undefined: no policy is
   * about this pod in this direction. Chains that are there already stay as they are unless a policy has changed.
   */
  #directionChains(pod: PolicyPod, direction: Direction): DirectionChains | undefined {
    const jumps = this.#policiesFor(pod).flatMap(({ chains }) => chains[direction] ?? [])
    const admin = this.#clusterPoliciesFor(pod, "Admin", direction)
    const baseline = jumps.length > 0 ? [] : this.#clusterPoliciesFor(pod, "Baseline", direction)
    const lower = this.#lowerTiers(jumps, baseline, direction)
    if (admin.length === 0) return lower === undefined ? undefined : { entry: lower, chains: [lower] }
    const next = lower ? `goto ${lower}` : "accept"
    const entry = `admin-${shortHash([...admin.map(({ id }) => id), next].join(" "))}-${direction}`
    this.#setClusterChain(entry, admin, direction, next)
    return { entry, chains: lower ? [entry, lower] : [entry] }
  }

  /** Policies of the namespace have the last word on pods that they select. */
  #lowerTiers(
    jumps: readonly string[],
    baseline: readonly ClusterPolicy[],
    direction: Direction,
  ): string | undefined {
    if (jumps.length > 0) {
      const name = `pods-${shortHash(jumps.join(" "))}-${direction}`
      for (const draft of this.#drafts.values())
        draft.setChain(name, [...jumps.map((chain) => `jump ${chain}`), "drop"])
      return name
    }
    if (baseline.length === 0) return undefined
    const name = `baseline-${shortHash(baseline.map(({ id }) => id).join(" "))}-${direction}`
    this.#setClusterChain(name, baseline, direction, "accept")
    return name
  }

  /** `next`: what becomes of connections that no rule decides, or that one passes on. */
  #setClusterChain(
    name: string,
    policies: readonly ClusterPolicy[],
    direction: Direction,
    next: string,
  ): void {
    for (const [family, draft] of this.#drafts) {
      const rules = policies.flatMap((policy) => clusterRuleTexts(policy, direction, family, next))
      draft.setChain(name, [...rules, next])
    }
  }

  #policiesFor(pod: PolicyPod): KnownPolicy[] {
    return Array.from(this.#policiesOf.get(pod.namespace) ?? [])
      .toSorted()
      .map((key) => this.#policies.get(key)!)
      .filter(({ selector }) => matchesLabels(selector, pod.labels))
  }

  #clusterPoliciesFor(pod: PolicyPod, tier: ClusterPolicy["tier"], direction: Direction): ClusterPolicy[] {
    const namespaceLabels = this.#members.namespaceLabels(pod.namespace)
    return Array.from(this.#clusterPolicies.values())
      .filter(({ policy }) => policy.tier === tier && policy.rules[direction].length > 0)
      .filter(({ subject }) => subject?.matches(pod, namespaceLabels))
      .map(({ policy }) => policy)
      .toSorted(byPrecedence)
  }

  #addAddress(address: string, podKey: string, chains: readonly string[]): void {
    const draft = this.#drafts.get(ipFamily(address))
    if (!draft || chains.length === 0) return
    this.#holders.set(address, podKey)
    draft.setElement("own", `${address} . ${address}`)
    for (const chain of chains)
      draft.setElement(chain.endsWith("-ingress") ? "ingress-pods" : "egress-pods", address, `goto ${chain}`)
  }

  #removeAddress(address: string, podKey: string): void {
    if (this.#holders.get(address) !== podKey) return
    this.#holders.delete(address)
    const draft = this.#drafts.get(ipFamily(address))
    draft?.deleteElement("own", `${address} . ${address}`)
    for (const map of ["ingress-pods", "egress-pods"]) draft?.deleteElement(map, address)
  }

  #releaseProfile(chain: string): void {
    const users = this.#profileUsers.get(chain)! - 1
    if (users > 0) {
      this.#profileUsers.set(chain, users)
      return
    }
    this.#profileUsers.delete(chain)
    for (const draft of this.#drafts.values()) draft.deleteChain(chain)
  }
}

function rulesOf(spec: NetworkPolicy["spec"], direction: Direction): PolicyRule[] {
  return direction === "ingress"
    ? (spec.ingress ?? []).map(({ from = [], ports = [] }) => ({ peers: from, ports }))
    : (spec.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }))
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}
