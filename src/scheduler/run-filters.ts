import { type CycleContext, type Filter, isRejection, type Plugin, type Rejection } from "./framework.ts"
import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"

export interface Check {
  readonly plugin: Plugin
  readonly check: Filter["check"]
}

/** What all plugins have to say about one pod. */
export interface Filters {
  readonly checks: readonly Check[]
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
    checks.push({ plugin, check: filter.check })
    if (filter.onlyNodes) {
      onlyNodes = onlyNodes ? intersect(onlyNodes, filter.onlyNodes) : filter.onlyNodes
      restrictingPlugins.push(plugin)
    }
  }
  return { checks, onlyNodes, restrictingPlugins }
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
  if (context.anyNominated()) {
    const nominated = context
      .nominatedTo(node.name)
      .filter(({ uid, priority }) => uid !== pod.uid && priority >= pod.priority)
    if (nominated.length > 0) {
      const crowded = node.clone()
      for (const other of nominated) crowded.add(other)
      const rejected = runChecks(checks, crowded)
      if (rejected) return rejected
    }
  }
  return runChecks(checks, node)
}

function intersect(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(Array.from(a).filter((name) => b.has(name)))
}
