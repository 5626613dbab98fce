import { integer, type Random } from "../base/random.ts"
import type { FitError } from "./fit-error.ts"
import { type CycleContext, type Plugin, type Rejection, type Score, unresolvable } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"
import { KnownVerdicts } from "./known-verdicts.ts"
import { shapeOf } from "./pod-shape.ts"
import type { Probe } from "./probe.ts"
import {
  type Filters,
  prepareFilters,
  type Rejected,
  runChecks,
  runChecksCrowded,
  runChecksWithNominated,
} from "./run-filters.ts"
import { Rejections } from "./rejections.ts"

/** A plugin with how much its score counts. */
export interface WeightedPlugin {
  readonly plugin: Plugin
  readonly weight: number
}

export interface Feasible {
  readonly kind: "feasible"
  readonly nodes: readonly NodeInfo[]
  readonly evaluated: number
  /** What nodes failed on that were looked at before enough were found. */
  readonly rejections: Rejections
  readonly rejecters: Set<Plugin>
}

export interface Unschedulable {
  readonly kind: "unschedulable"
  readonly error: FitError
}

export interface NodeFinderOptions {
  readonly filters: readonly Plugin[]
  readonly scorers: readonly WeightedPlugin[]
  readonly random: Random
  readonly probe: Probe
  /** 0 adapts it to the size of the cluster. @default 0 */
  readonly percentageOfNodesToScore?: number
}

/**
 * Chooses a node for a pod: filter, score, pick the best, chance among equals. In a large cluster it stops looking once
 * enough nodes fit, and starts the next time where it stopped, so that all nodes get their turn
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/scheduler-perf-tuning/).
 */
export class NodeFinder {
  readonly #options: NodeFinderOptions
  readonly #verdicts = new KnownVerdicts()
  #refused: { readonly shape: string; readonly version: number; readonly error: FitError } | undefined
  #start = 0

  constructor(options: NodeFinderOptions) {
    this.#options = options
  }

  /** The nodes that can run the pod, as many as are worth comparing. */
  findFeasible(pod: PodInfo, context: CycleContext): Feasible | Unschedulable {
    const { nodes } = context.view
    const { probe } = this.#options
    const begunMs = probe.begin()
    const filters = prepareFilters(this.#options.filters, pod, context)
    if ("everywhere" in filters) {
      const { everywhere, plugin } = filters
      probe.took(
        "PreFilter",
        begunMs,
        everywhere.resolvable ? "Unschedulable" : "UnschedulableAndUnresolvable",
      )
      const rejections = new Rejections(nodes)
      const said = { ...everywhere, plugin: plugin.name }
      return { kind: "unschedulable", error: { rejections, everywhere: said, plugins: new Set([plugin]) } }
    }
    const preparedMs = probe.took("PreFilter", begunMs)
    const found =
      this.#tryNominated(pod, filters, context) ??
      this.#refuseAgain(pod, filters, context) ??
      this.#tryAll(pod, filters, context)
    probe.took("Filter", preparedMs)
    return found
  }

  /** No node has changed since one of the same shape was refused by all: the same holds for this one. */
  #refuseAgain(pod: PodInfo, filters: Filters, context: CycleContext): Unschedulable | undefined {
    const known = this.#refused
    if (!known || known.version !== context.view.version || !isLocalOnly(filters, context)) return undefined
    return known.shape === shapeOf(pod) ? { kind: "unschedulable", error: { ...known.error } } : undefined
  }

  /** Room was made for the pod on this node: nowhere else need be looked at, if it fits there now. */
  #tryNominated(pod: PodInfo, filters: Filters, context: CycleContext): Feasible | undefined {
    const { nominatedNodeName } = pod.pod.status
    const node = nominatedNodeName ? context.view.find(nominatedNodeName) : undefined
    if (!node || (filters.onlyNodes && !filters.onlyNodes.has(node.name))) return undefined
    if (runChecksWithNominated(filters.checks, pod, node, context)) return undefined
    const rejections = new Rejections(context.view.nodes)
    return { kind: "feasible", nodes: [node], evaluated: 1, rejections, rejecters: new Set() }
  }

  #tryAll(pod: PodInfo, filters: Filters, context: CycleContext): Feasible | Unschedulable {
    const { nodes } = context.view
    const candidates = restrict(nodes, filters.onlyNodes, context)
    const rejections = new Rejections(nodes)
    const rejecters = new Set<Plugin>(filters.restrictingPlugins)
    const feasible: NodeInfo[] = []
    const wanted = nodesToFind(candidates.length, this.#options.percentageOfNodesToScore)
    const judge = this.#judgeFor(pod, filters, candidates.length, context)
    let evaluated = 0
    for (; evaluated < candidates.length && feasible.length < wanted; evaluated++) {
      const node = candidates[(this.#start + evaluated) % candidates.length]!
      const rejected = judge(node)
      if (!rejected) {
        feasible.push(node)
        continue
      }
      rejections.set(node, rejected.plugin.name, rejected.rejection)
      rejecters.add(rejected.plugin)
    }
    for (const { plugin } of filters.checks) this.#options.probe.asked(plugin, "Filter", evaluated)
    if (nodes.length) this.#start = (this.#start + evaluated) % nodes.length
    if (feasible.length > 0) return { kind: "feasible", nodes: feasible, evaluated, rejections, rejecters }
    if (filters.onlyNodes) addRestricted(nodes, filters, rejections)
    const error: FitError = { rejections, plugins: rejecters }
    if (isLocalOnly(filters, context))
      this.#refused = { shape: shapeOf(pod), version: context.view.version, error }
    return { kind: "unschedulable", error: { ...error } }
  }

  #judgeFor(
    pod: PodInfo,
    { checks, local, others }: Filters,
    candidateCount: number,
    context: CycleContext,
  ): (node: NodeInfo) => Rejected | undefined {
    const verdicts = candidateCount < worthRemembering ? undefined : this.#verdicts.find(pod, context)
    const judge = verdicts
      ? (node: NodeInfo) => verdicts.check(node, local) ?? runChecks(others, node)
      : (node: NodeInfo) => runChecks(checks, node)
    if (!context.anyNominated()) return judge
    const crowded = (node: NodeInfo) => runChecksCrowded(checks, pod, node, context)
    if (!verdicts || others.length > 0) return (node) => crowded(node) ?? judge(node)
    return (node) => {
      const nominated = context.nominatedTo(node.name)
      if (nominated.length === 0) return judge(node)
      return verdicts.crowded.ask(node, pod, nominated, crowded) ?? judge(node)
    }
  }

  /** `extra` is added to each node's score, in the order of `feasible`. */
  best(
    pod: PodInfo,
    feasible: readonly NodeInfo[],
    context: CycleContext,
    extra?: readonly number[],
  ): NodeInfo {
    if (feasible.length === 1) return feasible[0]!
    const { probe } = this.#options
    const begunMs = probe.begin()
    const totals = extra ? Float64Array.from(extra) : new Float64Array(feasible.length)
    const local: WeightedScore[] = []
    for (const { plugin, weight } of this.#options.scorers) {
      const score = plugin.score?.(pod, feasible, context)
      if (score) probe.asked(plugin, "Score", feasible.length)
      if (score?.isLocal) local.push({ score, weight })
      else if (score) addScores(totals, score, feasible, weight)
    }
    const sum = (node: NodeInfo) =>
      local.reduce((total, { score, weight }) => total + score.of(node) * weight, 0)
    const verdicts = feasible.length < worthRemembering ? undefined : this.#verdicts.find(pod, context)
    if (verdicts) verdicts.addScores(totals, feasible, sum)
    else addScores(totals, { of: sum }, feasible, 1)
    probe.took("Score", begunMs)
    return feasible[pickGreatest(totals, this.#options.random)]!
  }
}

/** For fewer nodes than these a verdict is as soon found as remembered. */
const worthRemembering = 100

/** Whether all there is to say about the pod follows from its shape and the nodes. */
function isLocalOnly({ others, onlyNodes }: Filters, context: CycleContext): boolean {
  return others.length === 0 && !onlyNodes && !context.anyNominated()
}

interface WeightedScore {
  readonly score: Score
  readonly weight: number
}

/** Chance decides among equals, each as likely. */
function pickGreatest(totals: Float64Array, random: Random): number {
  let greatest = Number.NEGATIVE_INFINITY
  let equals = 0
  for (let index = 0; index < totals.length; index++) {
    if (totals[index]! > greatest) {
      greatest = totals[index]!
      equals = 1
    } else if (totals[index] === greatest) equals++
  }
  let chosen = totals.indexOf(greatest)
  for (let skip = equals > 1 ? integer(random, equals) : 0; skip > 0; skip--)
    chosen = totals.indexOf(greatest, chosen + 1)
  return chosen
}

/** Every node up to 100 of them; then a share that falls from 50 % by one percent for each 125 nodes, to no less than 5 %. */
export function nodesToFind(nodeCount: number, percentage = 0): number {
  if (nodeCount < 100) return nodeCount
  const share = percentage || Math.max(5, 50 - Math.floor(nodeCount / 125))
  return Math.min(nodeCount, Math.max(100, Math.floor((nodeCount * share) / 100)))
}

function restrict(
  nodes: readonly NodeInfo[],
  names: ReadonlySet<string> | undefined,
  { view }: CycleContext,
): readonly NodeInfo[] {
  if (!names) return nodes
  return Array.from(names, (name) => view.find(name)).filter((node) => node !== undefined)
}

function addRestricted(
  nodes: readonly NodeInfo[],
  { onlyNodes, restrictingPlugins }: Filters,
  rejections: Rejections,
): void {
  const names = restrictingPlugins.map(({ name }) => name)
  const notAmongThem: Rejection = unresolvable(`node(s) didn't satisfy plugin(s) [${names.join(" ")}]`)
  for (const node of nodes)
    if (!onlyNodes!.has(node.name)) rejections.set(node, names.join(" "), notAmongThem)
}

function addScores(totals: Float64Array, score: Score, nodes: readonly NodeInfo[], weight: number): void {
  const { of, normalize } = score
  if (!normalize) {
    for (let index = 0; index < totals.length; index++) totals[index]! += of(nodes[index]!) * weight
    return
  }
  const scores = nodes.map(of)
  normalize(scores)
  for (let index = 0; index < totals.length; index++) totals[index]! += scores[index]! * weight
}
