import { Namespace } from "../../api/core/v1/namespace.ts"
import type { PodAffinityTerm } from "../../api/core/v1/affinity.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import {
  matchesLabels,
  requirement,
  type Selector,
  selectorFromObject,
  selectorOf,
} from "../../apimachinery/labels.ts"
import type { Cache } from "../../client/cache.ts"

/** "Pods like these, in these namespaces, are near if they share this label of their nodes." */
export interface AffinityTerm {
  readonly selector: Selector
  readonly topologyKey: string
  /** Undefined: all. */
  readonly namespaces: ReadonlySet<string> | undefined
}

/** Understands a term as `pod` means it: its own namespace by default, its own labels for matchLabelKeys. */
export function affinityTerm(term: PodAffinityTerm, pod: Pod, cache: Cache): AffinityTerm {
  return {
    selector: selectorOfTerm(term, pod),
    topologyKey: term.topologyKey,
    namespaces: namespacesOf(term, pod.metadata.namespace ?? "", cache),
  }
}

export function termMatches({ selector, namespaces }: AffinityTerm, pod: Pod): boolean {
  if (namespaces && !namespaces.has(pod.metadata.namespace ?? "")) return false
  return matchesLabels(selector, pod.metadata.labels)
}

// The API server has merged these into the selector of pods made since 1.29; a pod may be older.
export function selectorOfTerm(
  { labelSelector, matchLabelKeys, mismatchLabelKeys }: PodAffinityTerm,
  pod: Pod,
): Selector {
  const selector = selectorFromObject(labelSelector)
  if (!matchLabelKeys?.length && !mismatchLabelKeys?.length) return selector
  const known = new Set(selector.requirements.map(({ key }) => key))
  const extra = (keys: readonly string[] | undefined, operator: string) =>
    (keys ?? []).flatMap((key) => {
      const value = pod.metadata.labels?.[key]
      return value === undefined || known.has(key) ? [] : [requirement(key, operator, [value])]
    })
  return selectorOf([
    ...selector.requirements,
    ...extra(matchLabelKeys, "in"),
    ...extra(mismatchLabelKeys, "notin"),
  ])
}

/** `namespace` is meant where the term names none. */
export function namespacesOf(
  { namespaces = [], namespaceSelector }: PodAffinityTerm,
  namespace: string,
  cache: Cache,
): ReadonlySet<string> | undefined {
  if (!namespaceSelector) return new Set(namespaces.length ? namespaces : [namespace])
  const selector = selectorFromObject(namespaceSelector)
  if (selector.requirements.length === 0 && !selector.nothing) return undefined
  const selected = cache.list(Namespace, {
    where: ({ metadata }) => matchesLabels(selector, metadata.labels),
  })
  return new Set([...namespaces, ...selected.map(({ metadata }) => metadata.name)])
}

/** Whether a term that is held in `namespace` means pods of this one; cheaper than asking which namespaces it means. */
export function meansNamespace(
  { namespaces = [], namespaceSelector }: PodAffinityTerm,
  namespace: string,
  other: string,
  cache: Cache,
): boolean {
  if (!namespaceSelector) return namespaces.length ? namespaces.includes(other) : namespace === other
  if (namespaces.includes(other)) return true
  const selector = selectorFromObject(namespaceSelector)
  return matchesLabels(selector, cache.find(Namespace, { name: other })?.metadata.labels)
}
