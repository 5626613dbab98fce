import { integer, type Random } from "../base/random.ts"
import type { FitError } from "./fit-error.ts"
import {
  type CycleContext,
  type Filter,
  isRejection,
  type Plugin,
  type Rejection,
  type Score,
} from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"

/** A plugin with how much its score counts. */
export interface WeightedPlugin {
  readonly plugin: Plugin
  readonly weight: number
}

export type Placement =
  | { readonly kind: "found"; readonly node: NodeInfo; readonly evaluated: number; readonly feasible: number }
  | { readonly kind: "unschedulable"; readonly error: FitError }

/**
 * Chooses a node for a pod: filter, score, pick the best, chance among equals. In a large cluster it stops looking once
 * enough nodes fit, and starts the next time where it stopped, so that all nodes get their turn
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/scheduler-perf-tuning/).
 */
export class NodeFinder {
  readonly #plugins: readonly WeightedPlugin[]
  readonly #random: Random
  readonly #percentage: number
  #start = 0

  /** `percentageOfNodesToScore`: 0 adapts it to the size of the cluster. */
  constructor(plugins: readonly WeightedPlugin[], random: Random, percentageOfNodesToScore = 0) {
    this.#plugins = plugins
    this.#random = random
    this.#percentage = percentageOfNodesToScore
  }

  find(pod: PodInfo, context: CycleContext): Placement {
    const { nodes } = context.view
    const filters = prepareFilters(this.#plugins, pod, context)
    if ("everywhere" in filters) {
      const { everywhere, plugin } = filters
      return unschedulable({
        nodeCount: nodes.length,
        rejections: new Map(),
        everywhere,
        plugins: new Set([plugin]),
      })
    }
    const candidates = restrict(nodes, filters.onlyNodes)
    const rejections = new Map<string, Rejection>()
    const plugins = new Set<string>(filters.restrictingPlugins)
    const feasible: NodeInfo[] = []
    const wanted = nodesToFind(candidates.length, this.#percentage)
    let evaluated = 0
    for (; evaluated < candidates.length && feasible.length < wanted; evaluated++) {
      const node = candidates[(this.#start + evaluated) % candidates.length]!
      const rejection = runChecksWithNominated(filters.checks, pod, node, context, plugins)
      if (rejection) rejections.set(node.name, rejection)
      else feasible.push(node)
    }
    if (candidates.length) this.#start = (this.#start + evaluated) % candidates.length
    if (feasible.length === 0) {
      if (filters.onlyNodes) addRestricted(nodes, filters.onlyNodes, filters.restriction, rejections)
      return unschedulable({ nodeCount: nodes.length, rejections, plugins })
    }
    return { kind: "found", node: this.#best(pod, feasible, context), evaluated, feasible: feasible.length }
  }

  #best(pod: PodInfo, feasible: readonly NodeInfo[], context: CycleContext): NodeInfo {
    if (feasible.length === 1) return feasible[0]!
    const totals = Array.from<number>({ length: feasible.length }).fill(0)
    for (const { plugin, weight } of this.#plugins) {
      const score = plugin.score?.(pod, feasible, context)
      if (score) addScores(totals, score, feasible, weight)
    }
    let best = 0
    let equals = 1
    for (let index = 1; index < totals.length; index++) {
      if (totals[index]! > totals[best]!) {
        best = index
        equals = 1
      } else if (totals[index] === totals[best] && integer(this.#random, ++equals) === 0) best = index
    }
    return feasible[best]!
  }
}

/** Every node up to 100 of them; then a share that falls from 50 % by one percent for each 125 nodes, to no less than 5 %. */
export function nodesToFind(nodeCount: number, percentage = 0): number {
  if (nodeCount < 100) return nodeCount
  const share = percentage || Math.max(5, 50 - Math.floor(nodeCount / 125))
  return Math.min(nodeCount, Math.max(100, Math.floor((nodeCount * share) / 100)))
}

interface Checks {
  readonly checks: readonly { plugin: string; check: Filter["check"] }[]
  readonly onlyNodes: ReadonlySet<string> | undefined
  readonly restrictingPlugins: readonly string[]
  readonly restriction: Rejection
}

const notAmongChosen: Rejection = { reasons: ["node(s) didn't satisfy plugin(s) filter"], resolvable: false }

/** Asks every plugin once about the pod. */
export function prepareFilters(
  plugins: readonly WeightedPlugin[],
  pod: PodInfo,
  context: CycleContext,
): Checks | { everywhere: Rejection; plugin: string } {
  const checks: { plugin: string; check: Filter["check"] }[] = []
  const restrictingPlugins: string[] = []
  let onlyNodes: ReadonlySet<string> | undefined
  for (const { plugin } of plugins) {
    const filter = plugin.filter?.(pod, context)
    if (!filter) continue
    if (isRejection(filter)) return { everywhere: filter, plugin: plugin.name }
    checks.push({ plugin: plugin.name, check: filter.check })
    if (filter.onlyNodes) {
      onlyNodes = onlyNodes ? intersect(onlyNodes, filter.onlyNodes) : filter.onlyNodes
      restrictingPlugins.push(plugin.name)
    }
  }
  const restriction = restrictingPlugins.length
    ? { ...notAmongChosen, reasons: [`node(s) didn't satisfy plugin(s) [${restrictingPlugins.join(" ")}]`] }
    : notAmongChosen
  return { checks, onlyNodes, restrictingPlugins, restriction }
}

/** The first rejection counts. Adds the plugin's name to `plugins`. */
export function runChecks(
  checks: Checks["checks"],
  node: NodeInfo,
  plugins?: Set<string>,
): Rejection | undefined {
  for (const { plugin, check } of checks) {
    const rejection = check(node)
    if (rejection) {
      plugins?.add(plugin)
      return rejection
    }
  }
  return undefined
}

/**
 * Room that was made for a pod by preemption is not for lesser ones: the node must do with the nominated pods on it, and
 * without them, since they may end up elsewhere.
 */
function runChecksWithNominated(
  checks: Checks["checks"],
  pod: PodInfo,
  node: NodeInfo,
  context: CycleContext,
  plugins: Set<string>,
): Rejection | undefined {
  const nominated = context
    .nominatedTo(node.name)
    .filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority)
  if (nominated.length > 0) {
    const crowded = node.clone()
    for (const other of nominated) crowded.add(other)
    const rejection = runChecks(checks, crowded, plugins)
    if (rejection) return rejection
  }
  return runChecks(checks, node, plugins)
}

function restrict(nodes: readonly NodeInfo[], names: ReadonlySet<string> | undefined): readonly NodeInfo[] {
  return names ? nodes.filter((node) => names.has(node.name)) : nodes
}

function addRestricted(
  nodes: readonly NodeInfo[],
  names: ReadonlySet<string>,
  restriction: Rejection,
  rejections: Map<string, Rejection>,
): void {
  for (const node of nodes) if (!names.has(node.name)) rejections.set(node.name, restriction)
}

function intersect(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(Array.from(a).filter((name) => b.has(name)))
}

function addScores(totals: number[], score: Score, nodes: readonly NodeInfo[], weight: number): void {
  const scores = nodes.map(score.of)
  score.normalize?.(scores)
  for (let index = 0; index < scores.length; index++) totals[index]! += scores[index]! * weight
}

function unschedulable(error: FitError): Placement {
  return { kind: "unschedulable", error }
}
