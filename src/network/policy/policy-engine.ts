import { createHash } from "node:crypto"
import { type Labels, matchesLabels, type Selector, selectorFromObject } from "../../apimachinery/labels.ts"
import { type IpFamily, ipFamily } from "../../base/ip-address.ts"
import type { NetworkPolicy } from "../../api/networking/v1/network-policy.ts"
import { MemberSets } from "./member-sets.ts"
import { peerSelector } from "./peer-selector.ts"
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
  /** The chains that a pod's addresses lead to. */
  readonly #profiles = new Map<
    string,
    { readonly addresses: readonly string[]; readonly chains: readonly string[] }
  >()
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
    for (const podKey of this.#members.localPodsOf(namespace)) this.#govern(podKey)
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
      for (const { peers, ports } of rulesOf(spec, direction)) {
        for (const peer of peers)
          if (!peer.ipBlock) this.#members.usePeers(peerSelector(peer, metadata.namespace ?? ""), users)
        for (const { port, protocol = "TCP" } of ports)
          if (typeof port === "string") this.#members.usePort(port, protocol, users)
      }
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

  /** Makes the pod's addresses lead to the chains of the policies that select it. */
  #govern(podKey: string): void {
    const pod = this.#members.pod(podKey)
    const before = this.#profiles.get(podKey)
    const chains = pod?.local ? this.#profileChains(pod) : []
    const addresses = pod?.addresses ?? []
    if (before && sameTexts(before.chains, chains) && sameTexts(before.addresses, addresses)) return
    for (const chain of chains) this.#profileUsers.set(chain, (this.#profileUsers.get(chain) ?? 0) + 1)
    for (const address of before?.addresses ?? []) this.#removeAddress(address, podKey)
    for (const address of addresses) this.#addAddress(address, podKey, chains)
    for (const chain of before?.chains ?? []) this.#releaseProfile(chain)
    if (chains.length > 0) this.#profiles.set(podKey, { addresses, chains })
    else this.#profiles.delete(podKey)
  }

  /** The chains for these policies, one for each direction that one of them is about; made when they are not there. */
  #profileChains(pod: PolicyPod): string[] {
    const policies = Array.from(this.#policiesOf.get(pod.namespace) ?? [])
      .toSorted()
      .map((key) => this.#policies.get(key)!)
      .filter(({ selector }) => matchesLabels(selector, pod.labels))
    return (["ingress", "egress"] as const).flatMap((direction) => {
      const jumps = policies.flatMap(({ chains }) => chains[direction] ?? [])
      if (jumps.length === 0) return []
      const name = `pods-${shortHash(jumps.join(" "))}-${direction}`
      const rules = [...jumps.map((chain) => `jump ${chain}`), "drop"]
      for (const draft of this.#drafts.values()) draft.setChain(name, rules)
      return [name]
    })
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

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16)
}
