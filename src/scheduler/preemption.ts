import type { Pod } from "../api/core/v1/pod.ts"
import type { PodDisruptionBudget } from "../api/policy/v1/pod-disruption-budget.ts"
import { matchesLabels, selectorFromObject } from "../apimachinery/labels.ts"
import { countReasons, type FitError } from "./fit-error.ts"
import { prepareFilters, runChecks, type WeightedPlugin } from "./find-node.ts"
import { type CycleContext, resolvable, type Rejection, unresolvable } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"

/**
 * Making room: which pods of lower priority would have to go so that this pod fits somewhere
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/). On each node where removing pods can
 * help, all lesser pods are thought away; if the pod then fits, they are taken back one by one, the most important first,
 * as long as it still fits. What stays away are the victims. Of the nodes, the one whose victims matter least is chosen.
 */
export type Preemption =
  | { readonly kind: "victims"; readonly node: NodeInfo; readonly victims: readonly PodInfo[] }
  | { readonly kind: "none"; readonly message: string }

interface Candidate {
  readonly node: NodeInfo
  readonly victims: readonly PodInfo[]
  readonly violations: number
}

const noVictims: Rejection = resolvable("No preemption victims found for incoming pod")
const notHelpful: Rejection = unresolvable("Preemption is not helpful for scheduling")

export function planPreemption(
  pod: PodInfo,
  error: FitError,
  plugins: readonly WeightedPlugin[],
  budgets: readonly PodDisruptionBudget[],
  context: CycleContext,
): Preemption {
  const ineligible = whyNotEligible(pod, context)
  if (ineligible) return { kind: "none", message: ineligible }
  const filters = prepareFilters(plugins, pod, context)
  const rejections: Rejection[] = []
  const candidates: Candidate[] = []
  const enough = Math.max(100, Math.floor(context.view.nodes.length / 10))
  for (const node of context.view.nodes) {
    const rejection = error.everywhere ?? error.rejections.get(node.name)
    if ("everywhere" in filters || !rejection?.resolvable) rejections.push(notHelpful)
    else {
      const candidate = findVictims(pod, node, filters.checks, budgets)
      if (candidate) candidates.push(candidate)
      else rejections.push(noVictims)
    }
    if (candidates.length >= enough) break
  }
  const best = pickLeastHarm(candidates)
  if (best) return { kind: "victims", node: best.node, victims: best.victims }
  const total = context.view.nodes.length
  const message = `preemption: 0/${total} nodes are available: ${countReasons(rejections)}.`
  return { kind: "none", message: total === 0 ? "" : message }
}

function whyNotEligible({ pod, priority }: PodInfo, { view }: CycleContext): string | undefined {
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never."
  const nominated = pod.status.nominatedNodeName && view.find(pod.status.nominatedNodeName)
  // Victims of an earlier round are on their way out: wait for them.
  const waiting =
    nominated &&
    Array.from(nominated.pods.values()).some((other) => other.priority < priority && isPreempted(other.pod))
  return waiting ? "not eligible due to terminating pod on the nominated node." : undefined
}

function isPreempted({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (status.conditions ?? []).some(
      ({ type, status: value, reason }) =>
        type === "DisruptionTarget" && value === "True" && reason === "PreemptionByScheduler",
    )
  )
}

function findVictims(
  pod: PodInfo,
  node: NodeInfo,
  checks: Parameters<typeof runChecks>[0],
  budgets: readonly PodDisruptionBudget[],
): Candidate | undefined {
  const lesser = Array.from(node.pods.values()).filter(({ priority }) => priority < pod.priority)
  if (lesser.length === 0) return undefined
  const trial = node.clone()
  for (const { uid } of lesser) trial.remove(uid)
  if (runChecks(checks, trial)) return undefined

  const violating = findViolating(lesser.sort(compareImportance), budgets)
  const victims: PodInfo[] = []
  let violations = 0
  // Those whose eviction would break a budget are taken back first.
  for (const other of [
    ...lesser.filter((each) => violating.has(each)),
    ...lesser.filter((each) => !violating.has(each)),
  ]) {
    trial.add(other)
    if (!runChecks(checks, trial)) continue
    trial.remove(other.uid)
    victims.push(other)
    if (violating.has(other)) violations++
  }
  return { node, victims: victims.sort(compareImportance), violations }
}

/** The pods whose eviction, in this order, a budget has no allowance left for. */
function findViolating(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): ReadonlySet<PodInfo> {
  const left = budgets.map((budget) => budget.status.disruptionsAllowed)
  const violating = new Set<PodInfo>()
  for (const info of pods) {
    const { namespace, labels, name } = info.pod.metadata
    budgets.forEach((budget, index) => {
      if (budget.metadata.namespace !== namespace || !labels || !budget.spec.selector) return
      if (!matchesLabels(selectorFromObject(budget.spec.selector), labels)) return
      if (budget.status.disruptedPods?.[name]) return
      left[index] = left[index]! - 1
      if (left[index] < 0) violating.add(info)
    })
  }
  return violating
}

/** The more important first: by priority, then by how long it has been running. */
function compareImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startTime(a) - startTime(b)
}

function startTime({ pod }: PodInfo): number {
  return pod.status.startTime ? Date.parse(pod.status.startTime) : Number.MAX_SAFE_INTEGER
}

/** Compares by the first measure that differs; smaller is better. */
function pickLeastHarm(candidates: readonly Candidate[]): Candidate | undefined {
  const measures = ({ victims, violations }: Candidate): number[] => {
    const highest = victims[0]?.priority ?? Number.NEGATIVE_INFINITY
    const earliestOfHighest = Math.min(
      ...victims.filter(({ priority }) => priority === highest).map(startTime),
    )
    // Priorities may be negative; the shift makes more victims weigh more.
    const sum = victims.reduce((total, { priority }) => total + priority + 2 ** 31, 0)
    return [violations, highest, sum, victims.length, -earliestOfHighest]
  }
  let best: { candidate: Candidate; measures: number[] } | undefined
  for (const candidate of candidates) {
    const own = measures(candidate)
    if (!best || isLess(own, best.measures)) best = { candidate, measures: own }
  }
  return best?.candidate
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, position) => value !== b[position])
  return index >= 0 && a[index]! < b[index]!
}
