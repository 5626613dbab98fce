import { Namespace } from "../../api/core/v1/namespace.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type CycleContext,
  hint,
  maxScore,
  type Plugin,
  type Rejection,
  resolvable,
  unresolvable,
} from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { type AffinityTerm, affinityTerm, termMatches } from "./affinity-terms.ts"
import { isChanged } from "../is-changed.ts"

/**
 * Pods that want to be near, or away from, other pods
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity). "Near"
 * is sharing a node label, so what counts is how many matching pods there are for each value of the label. Those counts
 * are taken once per pod, from an index; a node is then judged by a few look-ups.
 */
const rules = {
  affinity: unresolvable("node(s) didn't match pod affinity rules"),
  antiAffinity: resolvable("node(s) didn't match pod anti-affinity rules"),
  existing: resolvable("node(s) didn't satisfy existing pods anti-affinity rules"),
}

/** How many matching pods there are near each value of each topology key: "zone\0a" to 3. */
type Counts = Map<string, number>

export const interPodAffinity: Plugin = {
  name: "InterPodAffinity",
  filter: (info, context) => {
    const terms = requiredTerms(info.pod, context.cache)
    const repelled = countRepelling(info, context)
    if (
      terms.affinity.length === 0 &&
      terms.antiAffinity.length === 0 &&
      repelled.size === 0 &&
      !context.anyNominated()
    ) {
      return undefined
    }
    const near = terms.affinity.length ? countMatchingAll(terms.affinity, context) : new Map<string, number>()
    const antiCounts = terms.antiAffinity.map((term) => countMatching(term, context))
    const all: AllCounts = { near, antiCounts, repelled, repelledKeys: keysOf(repelled) }
    // The first of a group that wants to be together may go anywhere.
    const isFirst = near.size === 0 && terms.affinity.every((term) => termMatches(term, info.pod))
    return {
      check(node) {
        const counts = node.original ? trialCounts(info, terms, node, context.cache, all) : all
        return judge(node, terms, counts, isFirst)
      },
    }
  },
  score: (info, nodes, context) => {
    const weights = preferenceWeights(info, context)
    if (weights.size === 0) return undefined
    const keys = keysOf(weights)
    return {
      of({ node }) {
        let sum = 0
        for (const key of keys) {
          const value = node.metadata.labels?.[key]
          if (value !== undefined) sum += weights.get(`${key}\0${value}`) ?? 0
        }
        return sum
      },
      normalize: normalizeByRange,
    }
  },
  hints: [
    hint(Pod, "add", { mayHelp: ({ pod }) => pod.spec.affinity?.podAffinity !== undefined }),
    hint(Pod, "update", {
      concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
    }),
    hint(Pod, "delete"),
    hint(Node, "add"),
    hint(Node, "update", {
      concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
    }),
    hint(Namespace, "update", {
      concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
    }),
  ],
}

interface Terms {
  readonly affinity: readonly AffinityTerm[]
  readonly antiAffinity: readonly AffinityTerm[]
}

interface AllCounts {
  /** Pods that match all affinity terms at once. */
  readonly near: Counts
  /** For each anti-affinity term. */
  readonly antiCounts: readonly Counts[]
  /** Pods on nodes that keep this pod away from themselves. */
  readonly repelled: Counts
  readonly repelledKeys: readonly string[]
}

function requiredTerms(pod: Pod, cache: Cache): Terms {
  const toTerms = (part: "podAffinity" | "podAntiAffinity") =>
    (pod.spec.affinity?.[part]?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) =>
      affinityTerm(term, pod, cache),
    )
  return { affinity: toTerms("podAffinity"), antiAffinity: toTerms("podAntiAffinity") }
}

function judge({ node }: NodeInfo, terms: Terms, counts: AllCounts, isFirst: boolean): Rejection | undefined {
  const labels = node.metadata.labels ?? {}
  for (const { topologyKey } of terms.affinity) {
    const value = labels[topologyKey]
    if (value === undefined) return rules.affinity
    if (!isFirst && !(counts.near.get(`${topologyKey}\0${value}`)! > 0)) return rules.affinity
  }
  for (const [index, { topologyKey }] of terms.antiAffinity.entries()) {
    const value = labels[topologyKey]
    if (value !== undefined && counts.antiCounts[index]!.get(`${topologyKey}\0${value}`)! > 0)
      return rules.antiAffinity
  }
  for (const key of counts.repelledKeys) {
    const value = labels[key]
    if (value !== undefined && counts.repelled.get(`${key}\0${value}`)! > 0) return rules.existing
  }
  return undefined
}

function countMatching(term: AffinityTerm, { view }: CycleContext): Counts {
  const counts: Counts = new Map()
  view.pods.forEachMatch(term.namespaces, term.selector, ({ nodeName }) => {
    addAt(counts, view.find(nodeName), term.topologyKey, 1)
  })
  return counts
}

/** Affinity terms hold together: only pods that match every one of them count, for each of the keys. */
function countMatchingAll(terms: readonly AffinityTerm[], { view }: CycleContext): Counts {
  const counts: Counts = new Map()
  const [first, ...others] = terms
  view.pods.forEachMatch(first!.namespaces, first!.selector, ({ info, nodeName }) => {
    if (!others.every((term) => termMatches(term, info.pod))) return
    for (const { topologyKey } of terms) addAt(counts, view.find(nodeName), topologyKey, 1)
  })
  return counts
}

/** The places from which pods that are already there keep this one away. */
function countRepelling({ pod }: PodInfo, { view, cache }: CycleContext): Counts {
  const counts: Counts = new Map()
  for (const { info, nodeName } of view.pods.withRequiredAntiAffinity.values()) {
    for (const term of antiTermsOf(info.pod, cache)) {
      if (termMatches(term, pod)) addAt(counts, view.find(nodeName), term.topologyKey, 1)
    }
  }
  return counts
}

const antiTerms = new WeakMap<Pod, readonly AffinityTerm[]>()

/** Terms of a pod that depend on namespaces' labels are understood anew each time; all others once. */
function antiTermsOf(pod: Pod, cache: Cache): readonly AffinityTerm[] {
  const known = antiTerms.get(pod)
  if (known) return known
  const { antiAffinity } = requiredTerms(pod, cache)
  const declared = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (!declared?.some(({ namespaceSelector }) => namespaceSelector)) antiTerms.set(pod, antiAffinity)
  return antiAffinity
}

function keysOf(counts: Counts): string[] {
  return [...new Set(Array.from(counts.keys(), (pair) => pair.slice(0, pair.indexOf("\0"))))]
}

/** The counts as they would be with the pods that were thought onto a node, or away from it. */
function trialCounts(
  info: PodInfo,
  terms: Terms,
  node: NodeInfo,
  cache: Cache,
  counts: AllCounts,
): AllCounts {
  const { added, removed } = node.changes()
  if (added.length === 0 && removed.length === 0) return counts
  const near = new Map(counts.near)
  const antiCounts = counts.antiCounts.map((each) => new Map(each))
  const repelled = new Map(counts.repelled)
  const change = (other: PodInfo, by: 1 | -1) => {
    if (terms.affinity.length && terms.affinity.every((term) => termMatches(term, other.pod))) {
      for (const { topologyKey } of terms.affinity) addAt(near, node, topologyKey, by)
    }
    terms.antiAffinity.forEach((term, index) => {
      if (termMatches(term, other.pod)) addAt(antiCounts[index]!, node, term.topologyKey, by)
    })
    for (const term of antiTermsOf(other.pod, cache)) {
      if (termMatches(term, info.pod)) addAt(repelled, node, term.topologyKey, by)
    }
  }
  for (const other of added) change(other, 1)
  for (const other of removed) change(other, -1)
  return { near, antiCounts, repelled, repelledKeys: keysOf(repelled) }
}

function addAt(counts: Counts, node: NodeInfo | undefined, topologyKey: string, by: number): void {
  const value = node?.node.metadata.labels?.[topologyKey]
  if (value === undefined) return
  const pair = `${topologyKey}\0${value}`
  counts.set(pair, (counts.get(pair) ?? 0) + by)
}

/** What a required affinity of a pod that is already there is worth when others are scored. */
const hardAffinityWeight = 1

/** What each place is worth to the pod, by its own preferences and by those of the pods that are there. */
function preferenceWeights(info: PodInfo, { view, cache }: CycleContext): Counts {
  const weights: Counts = new Map()
  const own = info.pod.spec.affinity
  const addOwn = (part: "podAffinity" | "podAntiAffinity", sign: 1 | -1) => {
    for (const { weight, podAffinityTerm } of own?.[part]?.preferredDuringSchedulingIgnoredDuringExecution ??
      []) {
      const term = affinityTerm(podAffinityTerm, info.pod, cache)
      view.pods.forEachMatch(term.namespaces, term.selector, ({ nodeName }) =>
        addAt(weights, view.find(nodeName), term.topologyKey, sign * weight),
      )
    }
  }
  addOwn("podAffinity", 1)
  addOwn("podAntiAffinity", -1)
  for (const { info: other, nodeName } of view.pods.withAffinity.values()) {
    for (const [term, weight] of wishesOf(other.pod, cache)) {
      if (termMatches(term, info.pod)) addAt(weights, view.find(nodeName), term.topologyKey, weight)
    }
  }
  return weights
}

function wishesOf(pod: Pod, cache: Cache): [AffinityTerm, number][] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  const term = (declared: Parameters<typeof affinityTerm>[0]) => affinityTerm(declared, pod, cache)
  return [
    ...(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(
      (each): [AffinityTerm, number] => [term(each), hardAffinityWeight],
    ),
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ weight, podAffinityTerm }): [AffinityTerm, number] => [term(podAffinityTerm), weight],
    ),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ weight, podAffinityTerm }): [AffinityTerm, number] => [term(podAffinityTerm), -weight],
    ),
  ]
}

/** The worst becomes 0, the best 100. */
function normalizeByRange(scores: number[]): void {
  const least = Math.min(...scores)
  const range = Math.max(...scores) - least
  for (let index = 0; index < scores.length; index++) {
    scores[index] = range > 0 ? Math.floor((maxScore * (scores[index]! - least)) / range) : 0
  }
}
