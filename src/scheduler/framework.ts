import type { Client } from "../client/client.ts"
import type { Clock } from "../base/clock.ts"
import type { Informers } from "../client/informers.ts"
import type { Cache } from "../client/cache.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { ClusterView } from "./cluster-view.ts"
import type { NodeInfo } from "./node-info.ts"
import type { PodInfo } from "./pod-info.ts"

/**
 * The extension points of scheduling
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/). A plugin is a value with the points
 * it takes part in. What upstream passes between points in a CycleState is here what a closure remembers: `filter` looks
 * at the pod once and gives back a check for nodes, or nothing when the pod does not concern it.
 *
 * A cycle, from popping a pod to choosing its node, never waits: the cluster view cannot change under it.
 */
export interface Plugin {
  readonly name: string
  /** Called once, before anything else: asks for the indexes it reads. What its hints name is followed anyway. */
  readonly attach?: (informers: Informers) => void
  /**
   * Why the pod may not even enter the queue yet; undefined lets it in. Asked again when the pod itself changes, and when
   * a hint of the plugin wakes it.
   */
  readonly gate?: (pod: PodInfo, cache: Cache) => string | undefined
  /** Says which nodes can run the pod. Undefined: all of them, as far as this plugin cares. */
  readonly filter?: (pod: PodInfo, context: CycleContext) => Filter | Rejection | undefined
  /** No node fits: says what can be done about it, beside asking pods to go. */
  readonly relieve?: (pod: PodInfo, context: CycleContext) => Relief
  /** Says which of the feasible nodes are better. Undefined: no opinion. */
  readonly score?: (pod: PodInfo, nodes: readonly NodeInfo[], context: CycleContext) => Score | undefined
  /** Puts aside what the pod will need on the node, so that the next pod finds it taken; throws to give the node up. */
  readonly reserve?: (pod: PodInfo, node: NodeInfo, context: CycleContext) => Reservation | undefined
  /** What may make a pod schedulable that this plugin rejected; a change of the pod itself always may. */
  readonly hints?: readonly Hint[]
}

export interface CycleContext {
  readonly view: ClusterView
  readonly cache: Cache
  readonly clock: Pick<Clock, "now" | "monotonic">
  /**
   * Pods that were promised room on this node by preemption; they are there as far as lesser pods are concerned. The same
   * list as long as nothing has changed.
   */
  readonly nominatedTo: (nodeName: string) => readonly PodInfo[]
  readonly anyNominated: () => boolean
  /** Whether any of them wants certain pods away from itself. */
  readonly anyNominatedRepels: () => boolean
}

/** What comes of a try that found no node. */
export interface Relief {
  /** Stands at the end of why the pod waits. */
  readonly message: string
  /** Done in the background. */
  readonly act?: (context: Pick<BindContext, "client">) => Promise<void>
}

/** What was put aside for a pod on a node. */
export interface Reservation {
  /** What must be done before the pod is bound (volumes are); rejects to give the node up. */
  readonly prepare?: (context: BindContext) => Promise<void>
  /** The pod does not come after all. */
  undo(): void
}

export interface BindContext {
  readonly client: Client
  readonly informers: Informers
  readonly cache: Cache
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface Filter {
  /** Only these nodes need to be looked at. */
  readonly onlyNodes?: ReadonlySet<string>
  /** Undefined: fits. */
  readonly check: (node: NodeInfo) => Rejection | undefined
  /** The verdict follows from the node and the pod's shape (`shapeOf`) alone, and is remembered until the node changes. */
  readonly isLocal?: boolean
}

export interface Rejection {
  /** As shown to people, in upstream's words: "Insufficient cpu". */
  readonly reasons: readonly string[]
  /** False: removing pods from the node would not help, so preemption need not try. */
  readonly resolvable: boolean
}

export interface Score {
  readonly of: (node: NodeInfo) => number
  /** As of a filter. Scores that are normalized depend on the other nodes and are not local. */
  readonly isLocal?: boolean
  /** Brings raw scores to 0..100, in place. @default they are already */
  readonly normalize?: (scores: number[]) => void
}

export const maxScore = 100

/**
 * What can happen to an object, as far as scheduling is concerned. Of pods, those that have a node are told; of others only
 * that they appear.
 */
export type Change = "add" | "update" | "delete" | "appear"

/** A change in the cluster that may make a rejected pod schedulable. */
export interface Hint<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>
  readonly change: Change
  /** Whether the change can help anybody; asked once, before any waiting pod is looked at. Absent: yes. */
  readonly concerns?: (current: T | undefined, previous: T | undefined) => boolean
  /** Whether it can help this pod. Absent: yes. */
  readonly mayHelp?: (pod: PodInfo, current: T | undefined, previous: T | undefined) => boolean
}

/** Helps inference in a list of hints about different kinds. */
export function hint<T extends KubeObject>(
  resource: Resource<T>,
  change: Change,
  when: Pick<Hint<T>, "concerns" | "mayHelp"> = {},
): Hint {
  return { resource, change, ...when } as unknown as Hint
}

export function unresolvable(...reasons: string[]): Rejection {
  return { reasons, resolvable: false }
}

export function resolvable(...reasons: string[]): Rejection {
  return { reasons, resolvable: true }
}

export function isRejection(result: Filter | Rejection | undefined): result is Rejection {
  return result !== undefined && "reasons" in result
}

/** Scales to 0..100 by the greatest; reversed where less is better. */
export function normalizeByGreatest(scores: number[], reversed = false): void {
  const greatest = Math.max(...scores, 0)
  for (let index = 0; index < scores.length; index++) {
    const scaled = greatest === 0 ? 0 : Math.floor((scores[index]! * maxScore) / greatest)
    scores[index] = reversed ? maxScore - scaled : scaled
  }
}
