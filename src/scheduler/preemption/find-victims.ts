import type { PodDisruptionBudget } from "../../api/policy/v1/pod-disruption-budget.ts"
import { matchesLabels, selectorFromObject } from "../../apimachinery/labels.ts"
import { type CycleContext, type Rejection, unresolvable } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { type Check, runChecksWithNominated } from "../run-filters.ts"

/** A node, and who would have to go from it. */
export interface Candidate {
  readonly node: NodeInfo
  /** The most important first. */
  readonly victims: readonly PodInfo[]
  /** How many of them a budget has no allowance left for. */
  readonly violations: number
}

const noVictims: Rejection = unresolvable("No preemption victims found for incoming pod")

/**
 * All lesser pods of the node are thought away; if the pod then fits, they are taken back one by one, the most important
 * first, as long as it still fits. What stays away are the victims.
 */
export function findVictims(
  pod: PodInfo,
  node: NodeInfo,
  checks: readonly Check[],
  budgets: readonly PodDisruptionBudget[],
  context: CycleContext,
): Candidate | Rejection {
  const lesser = Array.from(node.pods.values()).filter(({ priority }) => priority < pod.priority)
  if (lesser.length === 0) return noVictims
  const trial = node.clone()
  for (const { uid } of lesser) trial.remove(uid)
  const rejected = runChecksWithNominated(checks, pod, trial, context)
  if (rejected) return rejected.rejection

  const violating = findViolating(lesser.sort(compareImportance), budgets)
  const victims: PodInfo[] = []
  let violations = 0
  const takeBack = (other: PodInfo) => {
    trial.add(other)
    if (!runChecksWithNominated(checks, pod, trial, context)) return
    trial.remove(other.uid)
    victims.push(other)
    if (violating.has(other)) violations++
  }
  // Those whose eviction would break a budget are taken back first.
  for (const other of lesser) if (violating.has(other)) takeBack(other)
  for (const other of lesser) if (!violating.has(other)) takeBack(other)
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
    for (const [index, budget] of budgets.entries()) {
      if (!isProtected(info, budget)) continue
      left[index] = left[index]! - 1
      if (left[index] < 0) violating.add(info)
    }
  }
  return violating
}

function isProtected({ pod }: PodInfo, { metadata, spec, status }: PodDisruptionBudget): boolean {
  const { namespace, labels = {}, name } = pod.metadata
  if (metadata.namespace !== namespace || Object.keys(labels).length === 0 || !spec.selector) return false
  const selector = selectorFromObject(spec.selector)
  // Its eviction is counted already where the API server has granted it.
  return selector.requirements.length > 0 && matchesLabels(selector, labels) && !status.disruptedPods?.[name]
}

/** The more important first: by priority, then by how long it has been running. */
function compareImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startTime(a) - startTime(b)
}

/** One that has not started yet counts as starting now, the last of all. */
export function startTime({ pod }: PodInfo): number {
  return pod.status.startTime ? Date.parse(pod.status.startTime) : Number.MAX_SAFE_INTEGER
}
