import type { NodeInfo } from "../node-info.ts"
import type { Rejection } from "../framework.ts"
import type { PodInfo } from "../pod-info.ts"
import type { Candidate } from "../preemption/find-victims.ts"

/**
 * Another program that has a say (https://github.com/kubernetes/design-proposals-archive/blob/main/scheduling/scheduler_extender.md).
 * It is asked after the plugins, about the nodes that they left over.
 */
export interface Extender {
  readonly name: string
  /** Its failures are nobody's. */
  readonly isIgnorable: boolean
  readonly filters: boolean
  readonly prioritizes: boolean
  readonly preempts: boolean
  readonly binds: boolean
  /** How much its scores count. */
  readonly weight: number
  /** These are its to count; the scheduler does not look at them. */
  readonly ignoredResources: readonly string[]
  isInterestedIn(pod: PodInfo): boolean
  filter(pod: PodInfo, nodes: readonly NodeInfo[], signal: AbortSignal): Promise<ExtenderVerdict>
  /** Scores 0..10 by node name. */
  prioritize(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>>
  /** The candidates that are left, maybe with other victims. */
  processPreemption(
    pod: PodInfo,
    candidates: readonly Candidate[],
    signal: AbortSignal,
  ): Promise<readonly Candidate[]>
  bind(pod: PodInfo, nodeName: string, signal: AbortSignal): Promise<void>
}

export interface ExtenderVerdict {
  readonly nodes: readonly NodeInfo[]
  /** By node name. */
  readonly failed: ReadonlyMap<string, Rejection>
}
