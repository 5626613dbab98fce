import type { PodAffinityTerm } from "../api/core/v1/affinity.ts"
import type { Pod } from "../api/core/v1/pod.ts"
import type { Labels, Selector } from "../apimachinery/labels.ts"
import { selectorOfTerm } from "./plugins/affinity-terms.ts"
import type { PodInfo } from "./pod-info.ts"
import { type ByValue, isExact } from "./topology-counts.ts"

export type HeldKind = "requiredAffinity" | "requiredAntiAffinity" | "preferred"

/** A wish of pods that are there about pods that come, and where those are that have it. */
export interface HeldTerm {
  readonly kind: HeldKind
  /** Of a preference; against if negative. */
  readonly weight: number
  readonly declared: PodAffinityTerm
  readonly selector: Selector
  /** The namespace of those who hold it, which a term means by default; "" where it says itself which it means. */
  readonly namespace: string
  readonly holders: ByValue
}

interface Held extends HeldTerm {
  readonly key: string
  readonly holders: Map<string, number>
  /** All holders, wherever. */
  count: number
}

type Wish = Omit<HeldTerm, "holders"> & { readonly key: string }

const wishes = new WeakMap<Pod, readonly Wish[]>()

/**
 * The affinity terms of the pods that are there. Thousands of pods of one workload hold the same term, so it is kept once,
 * with how many hold it in each zone; a pod that comes is held against the few terms that can mean it.
 */
export class HeldTerms {
  readonly #terms = new Map<string, Held>()
  readonly #byLabel = new Map<string, Set<Held>>()

  add(info: PodInfo, nodeLabels: Labels | undefined): void {
    for (const wish of wishesOf(info.pod)) this.#change(this.#termOf(wish), nodeLabels, 1)
  }

  remove(info: PodInfo, nodeLabels: Labels | undefined): void {
    for (const wish of wishesOf(info.pod)) {
      const held = this.#terms.get(wish.key)
      if (held) this.#change(held, nodeLabels, -1)
    }
  }

  /** Those that may mean a pod with such labels; whether they do, their selector and namespaces say. */
  *about(labels: Labels | undefined): Iterable<HeldTerm> {
    if (this.#terms.size === 0) return
    yield* this.#byLabel.get("") ?? []
    for (const key in labels) yield* this.#byLabel.get(`${key}\0${labels[key]}`) ?? []
  }

  #termOf(wish: Wish): Held {
    const known = this.#terms.get(wish.key)
    if (known) return known
    const held: Held = { ...wish, holders: new Map(), count: 0 }
    this.#terms.set(wish.key, held)
    const others = this.#byLabel.get(labelOf(wish.selector))
    if (others) others.add(held)
    else this.#byLabel.set(labelOf(wish.selector), new Set([held]))
    return held
  }

  #change(held: Held, labels: Labels | undefined, by: 1 | -1): void {
    held.count += by
    const value = labels?.[held.declared.topologyKey]
    if (value !== undefined) {
      const sum = (held.holders.get(value) ?? 0) + by
      if (sum === 0) held.holders.delete(value)
      else held.holders.set(value, sum)
    }
    if (held.count > 0) return
    this.#terms.delete(held.key)
    this.#byLabel.get(labelOf(held.selector))?.delete(held)
  }
}

/** What a pod wishes about others, worked out once. */
export function wishesOf(pod: Pod): readonly Wish[] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  if (!podAffinity && !podAntiAffinity) return []
  const known = wishes.get(pod)
  if (known) return known
  const namespace = pod.metadata.namespace ?? ""
  const wish = (kind: HeldKind, weight: number, declared: PodAffinityTerm): Wish => {
    const selector = selectorOfTerm(declared, pod)
    const { topologyKey, namespaces, namespaceSelector } = declared
    // Who names namespaces means the same wherever it is: one term for holders in a hundred namespaces.
    const ownNamespace = namespaces?.length || namespaceSelector ? "" : namespace
    const key = JSON.stringify([
      kind,
      weight,
      ownNamespace,
      topologyKey,
      namespaces,
      namespaceSelector,
      selector,
    ])
    return { key, kind, weight, declared, selector, namespace: ownNamespace }
  }
  const computed = [
    ...(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) =>
      wish("requiredAffinity", 0, term),
    ),
    ...(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) =>
      wish("requiredAntiAffinity", 0, term),
    ),
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ weight, podAffinityTerm }) => wish("preferred", weight, podAffinityTerm),
    ),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ weight, podAffinityTerm }) => wish("preferred", -weight, podAffinityTerm),
    ),
  ]
  wishes.set(pod, computed)
  return computed
}

function labelOf({ requirements }: Selector): string {
  const exact = requirements.find(isExact)
  return exact ? `${exact.key}\0${exact.values[0]}` : ""
}
