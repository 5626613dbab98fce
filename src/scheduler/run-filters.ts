import { type CycleContext, type Filter, isRejection, type Plugin, type Rejection } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"

export interface Check {
  readonly plugin: Plugin
  readonly check: Filter["check"]
  readonly isLocal: boolean
}

/** What all plugins have to say about one pod. */
export interface Filters {
  readonly checks: readonly Check[]
  /** Those of them that come first and look at the node alone. */
  readonly local: readonly Check[]
  readonly others: readonly Check[]
  /** Only these nodes need to be looked at. */
  readonly onlyNodes: ReadonlySet<string> | undefined
  /** Those that said so. */
  readonly restrictingPlugins: readonly Plugin[]
}

/** Asks every plugin once about the pod. */
export function prepareFilters(
  plugins: readonly Plugin[],
  pod: PodInfo,
  context: CycleContext,
): Filters | { everywhere: Rejection; plugin: Plugin } {
  const checks: Check[] = []
  const restrictingPlugins: Plugin[] = []
  let onlyNodes: ReadonlySet<string> | undefined
  for (const plugin of plugins) {
    const filter = plugin.filter?.(pod, context)
    if (!filter) continue
    if (isRejection(filter)) return { everywhere: filter, plugin }
    checks.push({ plugin, check: filter.check, isLocal: filter.isLocal ?? false })
    if (filter.onlyNodes) {
      onlyNodes = onlyNodes ? intersect(onlyNodes, filter.onlyNodes) : filter.onlyNodes
      restrictingPlugins.push(plugin)
    }
  }
  // The first rejection counts, so only those that come before all others can be taken together.
  const first = checks.findIndex(({ isLocal }) => !isLocal)
  const split = first < 0 ? checks.length : first
  return {
    checks,
    local: checks.slice(0, split),
    others: checks.slice(split),
    onlyNodes,
    restrictingPlugins,
  }
}

export interface Rejected {
  readonly plugin: Plugin
  readonly rejection: Rejection
}

/** The first rejection counts. */
export function runChecks(checks: readonly Check[], node: NodeInfo): Rejected | undefined {
  for (let index = 0; index < checks.length; index++) {
    const { check, plugin } = checks[index]!
    const rejection = check(node)
    if (rejection) return { plugin, rejection }
  }
  return undefined
}

/**
 * Room that was made for a pod by preemption is not for lesser ones: the node must do with the nominated pods on it, and
 * without them, since they may end up elsewhere.
 */
export function runChecksWithNominated(
  checks: readonly Check[],
  pod: PodInfo,
  node: NodeInfo,
  context: CycleContext,
): Rejected | undefined {
  return runChecksCrowded(checks, pod, node, context) ?? runChecks(checks, node)
}

/** The first half of that: with the nominated pods, if there are any. */
export function runChecksCrowded(
  checks: readonly Check[],
  pod: PodInfo,
  node: NodeInfo,
  context: CycleContext,
): Rejected | undefined {
  if (!context.anyNominated()) return undefined
  const nominated = context.nominatedTo(node.name)
  if (nominated.length === 0) return undefined
  const heeded = nominated.filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority)
  if (heeded.length === 0) return undefined
  const crowded = node.clone()
  for (const other of heeded) crowded.add(other)
  return runChecks(checks, crowded)
}

function intersect(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(Array.from(a).filter((name) => b.has(name)))
}
