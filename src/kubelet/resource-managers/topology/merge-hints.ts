import { type CpuSet, equals, intersection } from "../cpu-set.ts"
import type { NumaNode } from "../machine-topology.ts"
import { type HintsByResource, isLess, isNarrower, type TopologyHint } from "./topology-hint.ts"

export type TopologyPolicy = "none" | "best-effort" | "restricted" | "single-numa-node"

export interface MergeOptions {
  readonly policy: TopologyPolicy
  readonly numaNodes: readonly NumaNode[]
  /** Of as many nodes, those nearest to each other rather than those with the lowest numbers. */
  readonly preferClosest: boolean
}

interface Merged extends TopologyHint {
  readonly nodes: CpuSet
}

/**
 * From what suits each resource to what suits all of them: of every way to combine their hints the best one. `admit`:
 * whether the policy lets a pod in that gets no better. Pure.
 * (https://kubernetes.io/docs/tasks/administer-cluster/topology-manager/)
 */
export function mergeHints(
  providers: readonly HintsByResource[],
  options: MergeOptions,
): { readonly hint: TopologyHint; readonly admit: boolean } {
  const { policy, numaNodes } = options
  const all: CpuSet = new Set(numaNodes.map(({ id }) => id))
  const isSingle = policy === "single-numa-node"
  const lists = listHints(providers).map((hints) => (isSingle ? hints.filter(isOnOneNode) : hints))
  const best = findBest(lists, all, options) ?? { nodes: all, preferred: false }
  const isAnywhere = isSingle && equals(best.nodes, all)
  const hint = isAnywhere ? { nodes: undefined, preferred: best.preferred } : best
  return { hint, admit: policy === "best-effort" || policy === "none" || hint.preferred }
}

function isOnOneNode({ nodes, preferred }: TopologyHint): boolean {
  return preferred && (nodes === undefined || nodes.size === 1)
}

/** One list for each resource. Who does not mind is content with everything; who cannot be met is not with anything. */
function listHints(providers: readonly HintsByResource[]): (readonly TopologyHint[])[] {
  return providers.flatMap((hints): (readonly TopologyHint[])[] => {
    const lists = Object.values(hints)
    if (lists.length === 0) return [[{ nodes: undefined, preferred: true }]]
    return lists.map((list) => {
      if (!list) return [{ nodes: undefined, preferred: true }]
      return list.length === 0 ? [{ nodes: undefined, preferred: false }] : list
    })
  })
}

function findBest(
  lists: readonly (readonly TopologyHint[])[],
  all: CpuSet,
  options: MergeOptions,
): Merged | undefined {
  const least = Math.max(0, ...lists.map(narrowest))
  let best: Merged | undefined
  for (const chosen of permutations(lists)) {
    const merged = mergeChosen(chosen, all)
    if (merged.nodes.size > 0 && (!best || isBetter(merged, best, least, options))) best = merged
  }
  return best
}

/** How many nodes the narrowest hint of a list has. */
function narrowest(hints: readonly TopologyHint[]): number {
  const sizes = hints.flatMap(({ nodes }) => (nodes ? [nodes.size] : []))
  return sizes.length === 0 ? 0 : Math.min(...sizes)
}

function* permutations(
  lists: readonly (readonly TopologyHint[])[],
  from = 0,
): Generator<readonly TopologyHint[]> {
  const hints = lists[from]
  if (!hints) return void (yield [])
  for (const hint of hints) for (const rest of permutations(lists, from + 1)) yield [hint, ...rest]
}

/** What they have in common; preferred if all want just the same. */
function mergeChosen(hints: readonly TopologyHint[], all: CpuSet): Merged {
  const wanted = hints.flatMap(({ nodes }) => (nodes ? [nodes] : []))
  const agree = wanted.every((nodes) => equals(nodes, wanted[0]!))
  return {
    nodes: wanted.reduce(intersection, all),
    preferred: agree && hints.every(({ preferred }) => preferred),
  }
}

/**
 * Preferred hints first, and the narrower ones of them. Where none is preferred, those that are as wide as the widest
 * demand needs at the least: narrower ones starve it, wider ones waste.
 */
function isBetter(candidate: Merged, best: Merged, least: number, options: MergeOptions): boolean {
  if (candidate.preferred !== best.preferred) return candidate.preferred
  if (best.preferred) return isCloser(candidate.nodes, best.nodes, options)
  const [own, others] = [candidate.nodes.size, best.nodes.size]
  if (others > least) return isCloser(candidate.nodes, best.nodes, options)
  if (others === least) return own === least && isCloser(candidate.nodes, best.nodes, options)
  if (own > least) return false
  if (own !== others) return own > others
  return isCloser(candidate.nodes, best.nodes, options)
}

function isCloser(nodes: CpuSet, than: CpuSet, { policy, preferClosest, numaNodes }: MergeOptions): boolean {
  if (equals(nodes, than)) return false
  if (!preferClosest || policy === "single-numa-node" || nodes.size !== than.size)
    return isNarrower(nodes, than)
  const [own, other] = [meanDistance(nodes, numaNodes), meanDistance(than, numaNodes)]
  return own === other ? isLess(nodes, than) : own < other
}

function meanDistance(nodes: CpuSet, numaNodes: readonly NumaNode[]): number {
  const distances = numaNodes
    .filter(({ id }) => nodes.has(id))
    .flatMap((node) => node.distances.filter((_, index) => nodes.has(numaNodes[index]!.id)))
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length
}
