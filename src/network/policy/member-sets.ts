import type { Labels } from "../../apimachinery/labels.ts"
import { type IpFamily, ipFamily } from "../../base/ip-address.ts"
import { Counted } from "./counted.ts"
import type { PeerSelector } from "./peer-selector.ts"
import type { PolicyPod, PolicyProtocol } from "./policy-pod.ts"
import { peerSetName, portSetName } from "./rule-text.ts"
import type { TableDraft } from "./table-draft.ts"

/** A set whose elements come from pods: what it takes of a pod, and who needs it. */
interface MemberSet {
  readonly name: string
  readonly elementsOf: (pod: PolicyPod, namespaceLabels: Labels | undefined) => readonly Element[]
  /** Rules that refer to it. */
  users: number
  readonly ofPod: Map<string, readonly Element[]>
  readonly counted: Counted
}

interface Element {
  readonly family: IpFamily
  readonly key: string
}

/**
 * The pods and namespaces of the cluster, and the kernel's sets that are made of them: the addresses of the pods that a
 * selector means, and the places of the ports that have a certain name. A set is there while a rule needs it. Two pods may
 * seem to have one address for a moment (one is gone, another has come): it stays until neither has it.
 */
export class MemberSets {
  readonly #drafts: ReadonlyMap<IpFamily, TableDraft>
  readonly #pods = new Map<string, PolicyPod>()
  readonly #podsOf = new Map<string, Set<string>>()
  readonly #namespaces = new Map<string, Labels>()
  readonly #sets = new Map<string, MemberSet>()

  constructor(drafts: ReadonlyMap<IpFamily, TableDraft>) {
    this.#drafts = drafts
  }

  pod(key: string): PolicyPod | undefined {
    return this.#pods.get(key)
  }

  localPodsOf(namespace: string): string[] {
    return Array.from(this.#podsOf.get(namespace) ?? []).filter((key) => this.#pods.get(key)!.local)
  }

  localPods(): string[] {
    return Array.from(this.#pods).flatMap(([key, { local }]) => (local ? [key] : []))
  }

  namespaceLabels(name: string): Labels | undefined {
    return this.#namespaces.get(name)
  }

  setPod(key: string, pod: PolicyPod | undefined): void {
    const before = this.#pods.get(key)
    if (before) this.#podsOf.get(before.namespace)?.delete(key)
    if (pod) {
      this.#pods.set(key, pod)
      let keys = this.#podsOf.get(pod.namespace)
      if (!keys) this.#podsOf.set(pod.namespace, (keys = new Set()))
      keys.add(key)
    } else this.#pods.delete(key)
    for (const set of this.#sets.values()) this.#update(set, key)
  }

  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels) this.#namespaces.set(name, labels)
    else this.#namespaces.delete(name)
    for (const key of this.#podsOf.get(name) ?? [])
      for (const set of this.#sets.values()) this.#update(set, key)
  }

  usePeers(selector: PeerSelector, users: 1 | -1): void {
    this.#use(peerSetName(selector.key), users, address, (pod, namespaceLabels) =>
      selector.matches(pod, namespaceLabels)
        ? pod.addresses.map((key) => ({ family: ipFamily(key), key }))
        : [],
    )
  }

  usePort(name: string, protocol: PolicyProtocol, users: 1 | -1): void {
    this.#use(portSetName(name, protocol), users, place, ({ ports, addresses }) =>
      ports
        .filter((port) => port.name === name && port.protocol === protocol)
        .flatMap(({ port }) =>
          addresses.map((each) => ({
            family: ipFamily(each),
            key: `${each} . ${protocol.toLowerCase()} . ${port}`,
          })),
        ),
    )
  }

  #use(
    name: string,
    users: 1 | -1,
    bodyOf: (addressType: string) => string,
    elementsOf: MemberSet["elementsOf"],
  ): void {
    let set = this.#sets.get(name)
    if (!set) {
      set = { name, elementsOf, users: 0, ofPod: new Map(), counted: new Counted() }
      this.#sets.set(name, set)
      for (const [family, draft] of this.#drafts) draft.ensureSet(name, bodyOf(addressTypes[family]))
      for (const key of this.#pods.keys()) this.#update(set, key)
    }
    set.users += users
    if (set.users > 0) return
    this.#sets.delete(name)
    for (const draft of this.#drafts.values()) draft.deleteSet(name)
  }

  #update(set: MemberSet, podKey: string): void {
    const pod = this.#pods.get(podKey)
    const before = set.ofPod.get(podKey) ?? []
    const after = pod ? set.elementsOf(pod, this.#namespaces.get(pod.namespace)) : []
    if (before.length === 0 && after.length === 0) return
    for (const { family, key } of after)
      if (set.counted.add(key)) this.#drafts.get(family)?.setElement(set.name, key)
    for (const { family, key } of before)
      if (set.counted.remove(key)) this.#drafts.get(family)?.deleteElement(set.name, key)
    if (after.length > 0) set.ofPod.set(podKey, after)
    else set.ofPod.delete(podKey)
  }
}

const addressTypes: Readonly<Record<IpFamily, string>> = { 4: "ipv4_addr", 6: "ipv6_addr" }
const address = (addressType: string) => `type ${addressType};`
const place = (addressType: string) => `type ${addressType} . inet_proto . inet_service;`
