import { Namespace } from "../../api/core/v1/namespace.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { PodAffinityTerm } from "../../api/core/v1/affinity.ts"
import { matchesLabels } from "../../apimachinery/labels.ts"
import {
  type CycleContext,
  hint,
  maxScore,
  type Plugin,
  type Rejection,
  resolvable,
  unresolvable,
} from "../framework.ts"
import { isChanged } from "../is-changed.ts"
import type { LabelReader } from "../label-columns.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { type HeldTerm, wishesOf } from "../held-terms.ts"
import type { ByValue } from "../topology-counts.ts"
import { addedPodHelps, deletedPodHelps, relabelledNodeHelps, relabelledPodHelps } from "./affinity-hints.ts"
import { type AffinityTerm, affinityTerm, meansNamespace, termMatches } from "./affinity-terms.ts"

const rules = {
  affinity: unresolvable("node(s) didn't match pod affinity rules"),
  antiAffinity: resolvable("node(s) didn't match pod anti-affinity rules"),
  existing: resolvable("node(s) didn't satisfy existing pods anti-affinity rules"),
}

export interface InterPodAffinityOptions {
  /** What a required affinity of a pod that is there is worth when others are scored. @default 1 */
  readonly hardWeight?: number
  /** Leaves the preferences of pods that are there out, for pods that have none. @default false */
  readonly ignorePreferencesOfOthers?: boolean
}

/** A term, and how many pods it means in each place. */
interface Counted {
  readonly term: AffinityTerm
  readonly counts: ByValue
  readonly placeOf: LabelReader
}

interface Repelling {
  readonly term: HeldTerm
  readonly placeOf: LabelReader
}

/** What the pod asks of nodes, as the cluster is now. */
interface Rules {
  /** Each: a pod that matches all of them must be near. */
  readonly near: readonly Counted[]
  /** The first of a group that wants to be together may go anywhere. */
  readonly isFirst: boolean
  readonly away: readonly Counted[]
  /** Held by pods that are there, against this one. */
  readonly repelling: readonly Repelling[]
}

/**
 * Pods that want to be near, or away from, other pods
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity). "Near"
 * is sharing a node label, so what counts is how many matching pods there are for each value of the label. The cluster view
 * keeps those counts; a node is then judged by a few look-ups.
 */
export function interPodAffinity(options: InterPodAffinityOptions = {}): Plugin {
  return {
    name: "InterPodAffinity",
    attach: (informers) => void informers.for(Namespace),
    filter(info, context) {
      const asked = rulesFor(info, context)
      const { near, away, repelling } = asked
      // In a trial there may be others on a node than there are, with wishes that nobody else has.
      if (near.length + away.length + repelling.length === 0 && !context.anyNominatedRepels())
        return undefined
      return {
        check: (node) => (node.original ? judgeTrial(info, node, asked, context) : judge(node, asked)),
      }
    },
    score(info, _nodes, context) {
      const wishes = weigh(info, options, context)
      if (wishes.length === 0) return undefined
      return { of: (node) => sumAt(node, wishes), normalize: normalizeByRange }
    },
    hints: [
      hint(Pod, "add", { mayHelp: ({ pod }, added) => addedPodHelps(pod, added!) }),
      hint(Pod, "update", {
        concerns: labelsChanged,
        mayHelp: ({ pod }, current, previous) => relabelledPodHelps(pod, current!, previous!),
      }),
      hint(Pod, "delete", { mayHelp: ({ pod }, _current, deleted) => deletedPodHelps(pod, deleted!) }),
      hint(Node, "add"),
      hint(Node, "update", {
        concerns: labelsChanged,
        mayHelp: ({ pod }, current, previous) => relabelledNodeHelps(pod, current!, previous!),
      }),
      hint(Namespace, "update", { concerns: labelsChanged }),
    ],
  }
}

function labelsChanged(
  current: { readonly metadata: Pod["metadata"] } | undefined,
  previous: { readonly metadata: Pod["metadata"] } | undefined,
): boolean {
  return isChanged(current!.metadata.labels, previous!.metadata.labels)
}

function rulesFor(info: PodInfo, context: CycleContext): Rules {
  const { podAffinity, podAntiAffinity } = info.pod.spec.affinity ?? {}
  const toTerms = (declared: readonly PodAffinityTerm[] = []) =>
    declared.map((term) => affinityTerm(term, info.pod, context.cache))
  const affinity = toTerms(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  const antiAffinity = toTerms(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  const { view } = context
  const counted = (term: AffinityTerm, all: readonly AffinityTerm[]): Counted => ({
    term,
    counts: view.countPods(all, term.topologyKey),
    placeOf: view.labelReader(term.topologyKey),
  })
  const near = affinity.map((term) => counted(term, affinity))
  return {
    near,
    isFirst:
      near.every(({ counts }) => counts.size === 0) && affinity.every((term) => termMatches(term, info.pod)),
    away: antiAffinity.map((term) => counted(term, [term])),
    repelling: heldAgainst(info, context)
      .filter(({ kind }) => kind === "requiredAntiAffinity")
      .map((term) => ({ term, placeOf: view.labelReader(term.declared.topologyKey) })),
  }
}

/** The terms of pods that are there which mean this one. */
function heldAgainst({ pod }: PodInfo, { view, cache }: CycleContext): HeldTerm[] {
  const { labels, namespace = "" } = pod.metadata
  const held: HeldTerm[] = []
  for (const term of view.held.about(labels)) {
    if (
      matchesLabels(term.selector, labels) &&
      meansNamespace(term.declared, term.namespace, namespace, cache)
    )
      held.push(term)
  }
  return held
}

function judge(node: NodeInfo, { near, isFirst, away, repelling }: Rules): Rejection | undefined {
  for (const { counts, placeOf } of near) {
    const value = placeOf(node)
    if (value === undefined || (!isFirst && !counts.has(value))) return rules.affinity
  }
  for (const { counts, placeOf } of away) {
    const value = placeOf(node)
    if (value !== undefined && counts.has(value)) return rules.antiAffinity
  }
  for (const { term, placeOf } of repelling) {
    const value = placeOf(node)
    if (value !== undefined && term.holders.has(value)) return rules.existing
  }
  return undefined
}

/** As `judge`, with pods that were thought onto the node, or away from it. */
function judgeTrial(
  info: PodInfo,
  node: NodeInfo,
  asked: Rules,
  { cache }: CycleContext,
): Rejection | undefined {
  const { added, removed } = node.changes()
  if (added.length + removed.length === 0) return judge(node, asked)
  const labels = node.node.metadata.labels ?? {}
  const change = (matches: (other: PodInfo) => boolean) =>
    added.filter(matches).length - removed.filter(matches).length
  const meansAll = ({ pod }: PodInfo) => asked.near.every(({ term }) => termMatches(term, pod))
  for (const { term, counts } of asked.near) {
    const value = labels[term.topologyKey]
    if (value === undefined) return rules.affinity
    if (!asked.isFirst && (counts.get(value) ?? 0) + change(meansAll) <= 0) return rules.affinity
  }
  for (const { term, counts } of asked.away) {
    const value = labels[term.topologyKey]
    if (value === undefined) continue
    if ((counts.get(value) ?? 0) + change(({ pod }) => termMatches(term, pod)) > 0) return rules.antiAffinity
  }
  return judgeHeld(info, node, asked, added, removed, cache)
}

function judgeHeld(
  { pod }: PodInfo,
  { node }: NodeInfo,
  { repelling }: Rules,
  added: readonly PodInfo[],
  removed: readonly PodInfo[],
  cache: CycleContext["cache"],
): Rejection | undefined {
  const labels = node.metadata.labels ?? {}
  const repels = (other: PodInfo, key: string) =>
    wishesOf(other.pod).filter(
      ({ kind, declared, selector, namespace }) =>
        kind === "requiredAntiAffinity" &&
        declared.topologyKey === key &&
        matchesLabels(selector, pod.metadata.labels) &&
        meansNamespace(declared, namespace, pod.metadata.namespace ?? "", cache),
    ).length
  const sums = new Map<string, number>()
  for (const { term } of repelling) {
    const { declared, holders } = term
    const there = holders.get(labels[declared.topologyKey] ?? "") ?? 0
    sums.set(declared.topologyKey, (sums.get(declared.topologyKey) ?? 0) + there)
  }
  for (const other of added) {
    for (const { declared } of wishesOf(other.pod))
      if (!sums.has(declared.topologyKey)) sums.set(declared.topologyKey, 0)
  }
  for (const [key, sum] of sums) {
    if (labels[key] === undefined) continue
    const more = added.reduce((total, other) => total + repels(other, key), 0)
    const less = removed.reduce((total, other) => total + repels(other, key), 0)
    if (sum + more - less > 0) return rules.existing
  }
  return undefined
}

/** What each place is worth, for one label of nodes. */
interface Wish {
  readonly placeOf: LabelReader
  readonly weight: number
  readonly counts: ByValue
}

/** By the pod's own preferences, and by those of the pods that are there. */
function weigh(info: PodInfo, options: InterPodAffinityOptions, context: CycleContext): Wish[] {
  const { hardWeight = 1, ignorePreferencesOfOthers = false } = options
  const wishes: Wish[] = []
  let prefers = false
  for (const { kind, weight, declared } of wishesOf(info.pod)) {
    if (kind !== "preferred") continue
    prefers = true
    const term = affinityTerm(declared, info.pod, context.cache)
    const counts = context.view.countPods([term], term.topologyKey)
    wishes.push({ placeOf: context.view.labelReader(term.topologyKey), weight, counts })
  }
  if (!prefers && ignorePreferencesOfOthers) return wishes
  for (const { kind, weight, declared, holders } of heldAgainst(info, context)) {
    const worth = kind === "preferred" ? weight : kind === "requiredAffinity" ? hardWeight : 0
    if (worth === 0) continue
    wishes.push({
      placeOf: context.view.labelReader(declared.topologyKey),
      weight: worth,
      counts: holders,
    })
  }
  return wishes.filter(({ counts }) => counts.size > 0)
}

function sumAt(node: NodeInfo, wishes: readonly Wish[]): number {
  let sum = 0
  for (const { placeOf, weight, counts } of wishes) {
    const value = placeOf(node)
    if (value !== undefined) sum += (counts.get(value) ?? 0) * weight
  }
  return sum
}

/** The worst becomes 0, the best 100. */
function normalizeByRange(scores: number[]): void {
  let least = scores[0]!
  let greatest = scores[0]!
  for (const score of scores) {
    if (score < least) least = score
    if (score > greatest) greatest = score
  }
  const range = greatest - least
  for (let index = 0; index < scores.length; index++) {
    scores[index] = range > 0 ? Math.floor((maxScore * (scores[index]! - least)) / range) : 0
  }
}
