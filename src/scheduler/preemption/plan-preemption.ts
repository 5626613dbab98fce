import { integer, type Random } from "../../base/random.ts"
import type { PodDisruptionBudget } from "../../api/policy/v1/pod-disruption-budget.ts"
import { countReasons, type FitError } from "../fit-error.ts"
import { type CycleContext, type Plugin, type Rejection, unresolvable } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import { prepareFilters } from "../run-filters.ts"
import { isTerminatingByPreemption } from "./disruption.ts"
import { type Candidate, findVictims } from "./find-victims.ts"
import type { KnownVictims } from "./known-victims.ts"

/**
 * Making room: which pods of lower priority would have to go so that this pod fits somewhere
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/). Only nodes are looked at whose
 * rejection can be resolved by removing pods; not more of them than it takes to have a choice.
 */
export interface PreemptionOptions {
  readonly filters: readonly Plugin[]
  readonly random: Random
  readonly args: PreemptionArgs
  readonly knownVictims: KnownVictims
}

export interface PreemptionArgs {
  readonly minCandidateNodesPercentage: number
  readonly minCandidateNodesAbsolute: number
}

export const defaultPreemptionArgs: PreemptionArgs = {
  minCandidateNodesPercentage: 10,
  minCandidateNodesAbsolute: 100,
}

export type Preemption =
  | { readonly kind: "candidates"; readonly candidates: readonly Candidate[] }
  /** `keepsNomination`: what was promised before still holds. */
  | { readonly kind: "none"; readonly message: string; readonly keepsNomination: boolean }

const notHelpful: Rejection = unresolvable("Preemption is not helpful for scheduling")

export function planPreemption(
  pod: PodInfo,
  error: FitError,
  budgets: readonly PodDisruptionBudget[],
  options: PreemptionOptions,
  context: CycleContext,
): Preemption {
  const ineligible = whyNotEligible(pod, error, context)
  if (ineligible) return { kind: "none", message: ineligible, keepsNomination: true }
  const { nodes } = context.view
  const potential = findPotential(error, nodes)
  const counts = new Map<Rejection, number>()
  const count = (rejection: Rejection, by = 1) => counts.set(rejection, (counts.get(rejection) ?? 0) + by)
  count(notHelpful, nodes.length - potential.length)
  const filters = prepareFilters(options.filters, pod, context)
  const candidates: Candidate[] = []
  if ("everywhere" in filters) count(filters.everywhere, potential.length)
  else {
    const wanted = candidatesWanted(potential.length, options.args)
    const offset = potential.length ? integer(options.random, potential.length) : 0
    const ask = options.knownVictims.asker(pod, filters, budgets.length > 0, context, (node) =>
      findVictims(pod, node, filters.checks, budgets, context),
    )
    let breaking = 0
    for (let index = 0; index < potential.length && candidates.length - breaking < wanted; index++) {
      const node = potential[(offset + index) % potential.length]!
      const found = ask(node)
      if (!("victims" in found)) count(found)
      else if (found.violations === 0) candidates.push(found)
      // One that breaks budgets is only worth having while there are no others.
      else if (breaking++ < wanted) candidates.push(found)
    }
  }
  if (candidates.length > 0) return { kind: "candidates", candidates }
  const reasons = countReasons(Array.from(counts).filter(([, nodeCount]) => nodeCount > 0))
  const message = `0/${nodes.length} nodes are available: ${reasons}.`
  return { kind: "none", message, keepsNomination: false }
}

/** Where every node was ruled out at once, the reason says whether removing pods can help. */
function findPotential(
  { everywhere, rejections }: FitError,
  nodes: readonly NodeInfo[],
): readonly NodeInfo[] {
  if (everywhere) return everywhere.resolvable ? nodes : []
  let any = false
  for (const [rejection] of rejections.counted()) any ||= rejection.resolvable
  return any ? nodes.filter((node) => rejections.of(node)?.resolvable) : []
}

function candidatesWanted(nodeCount: number, args: PreemptionArgs): number {
  const share = Math.floor((nodeCount * args.minCandidateNodesPercentage) / 100)
  return Math.min(nodeCount, Math.max(share, args.minCandidateNodesAbsolute))
}

function whyNotEligible(info: PodInfo, error: FitError, { view }: CycleContext): string | undefined {
  const { pod, priority } = info
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never."
  const nominated = pod.status.nominatedNodeName && view.find(pod.status.nominatedNodeName)
  if (!nominated) return undefined
  // That node will not do, whoever goes: look elsewhere.
  const verdict = error.everywhere ?? error.rejections.of(nominated)
  if (verdict && !verdict.resolvable) return undefined
  // Victims of an earlier round are on their way out: wait for them.
  const waiting = Array.from(nominated.pods.values()).some(
    (other) => other.priority < priority && isTerminatingByPreemption(other.pod),
  )
  return waiting ? "not eligible due to a terminating pod on the nominated node." : undefined
}
