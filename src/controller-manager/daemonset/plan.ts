import type { DaemonSet } from "../../api/apps/v1/daemon-set.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { scaleIntOrPercent } from "../../apimachinery/int-or-string.ts"
import { revisionLabel } from "../revisions/revisions.ts"
import { isAvailable, isReady, isTerminal } from "../shared/pods.ts"
import { generationLabel, generationOf, nodeOf, placementOn } from "./daemon-pod.ts"

/** A node (or the name of one that is gone) and the daemons there, the one that counts first. */
export interface Place {
  readonly name: string
  /** There is such a node. */
  readonly exists: boolean
  readonly run: boolean
  readonly stay: boolean
  readonly pods: readonly Pod[]
}

export interface DaemonView {
  readonly daemonSet: DaemonSet
  readonly places: readonly Place[]
  /** The hash that marks pods of the present template. */
  readonly revisionHash: string
  readonly nowMs: number
}

export interface DaemonChanges {
  /** Names of nodes. */
  readonly create: readonly string[]
  readonly delete: readonly Pod[]
}

export interface DaemonPlan extends DaemonChanges {
  /** Pods that have ended: they are deleted, with a pause after each failure on the same node. */
  readonly ended: readonly Pod[]
  /** Then, where all that went well. */
  readonly update: DaemonChanges
}

/** Pods that have ended and are being deleted count nowhere: the place is free for the next. */
export function placesOf(
  daemonSet: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
): readonly Place[] {
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    const name = isGoing(pod) && isTerminal(pod) ? undefined : nodeOf(pod)
    if (name === undefined) continue
    const there = byNode.get(name) ?? []
    byNode.set(name, there)
    there.push(pod)
  }
  const places = nodes.map((node) => {
    const { name } = node.metadata
    const there = (byNode.get(name) ?? []).sort(byPrecedence)
    return { name, exists: true, ...placementOn(daemonSet, node), pods: there }
  })
  const known = new Set(nodes.map((node) => node.metadata.name))
  const lost = Array.from(byNode).filter(([name]) => !known.has(name))
  return [
    ...places,
    ...lost.map(([name, there]) => ({ name, exists: false, run: false, stay: false, pods: there })),
  ]
}

/** One daemon on every node that should have one, none elsewhere; then the rolling update. */
export function planDaemons(view: DaemonView): DaemonPlan {
  const surges = maxSurge(view) > 0
  const create: string[] = []
  const remove: Pod[] = []
  const ended: Pod[] = []
  for (const { name, exists, run, stay, pods } of view.places) {
    const living = pods.filter((pod) => !isGoing(pod))
    if (run && pods.length === 0) create.push(name)
    // What was bound to a node that is gone is for the garbage collector of pods.
    else if (!exists) remove.push(...living.filter(({ spec }) => !spec.nodeName))
    else if (!stay) remove.push(...living)
    else {
      ended.push(...living.filter(isTerminal))
      const running = living.filter((pod) => !isTerminal(pod))
      remove.push(...(surges ? excessWhileSurging(view, running) : running.slice(1)))
      if (surges && run && running.length === 0) create.push(name)
    }
  }
  const update = view.daemonSet.spec.updateStrategy.type === "RollingUpdate" ? planUpdate(view) : nothing
  return { create, delete: remove, ended, update }
}

const nothing = { create: [], delete: [] } as const

/** While surging, an old and a new daemon may share a node until the new one is available. */
function excessWhileSurging(view: DaemonView, running: readonly Pod[]): readonly Pod[] {
  const [newest, ...spareNew] = running.filter((pod) => isCurrent(view, pod))
  const [old, ...spareOld] = running.filter((pod) => !isCurrent(view, pod))
  const spare = [...spareNew, ...spareOld]
  if (!newest || !old) return spare
  if (available(view, newest) || !isReady(old)) return [...spare, old]
  return spare
}

/** https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/ */
function planUpdate(view: DaemonView): DaemonChanges {
  const places = view.places.filter(({ run, pods }) => run || pods.length > 0)
  return maxSurge(view) > 0 ? planSurge(view, places) : planReplacement(view, places)
}

/** Old daemons that may go now. One that is not available costs nothing to replace. */
function planReplacement(view: DaemonView, places: readonly Place[]): DaemonChanges {
  const free: Pod[] = []
  const candidates: Pod[] = []
  let unavailable = 0
  for (const place of places) {
    const pair = findPair(view, place)
    if (pair?.old && !pair.current) {
      if (available(view, pair.old)) candidates.push(pair.old)
      else {
        free.push(pair.old)
        unavailable++
      }
    } else if (!pair?.current || pair.old || !available(view, pair.current)) unavailable++
  }
  const room = Math.max(0, maxUnavailable(view) - unavailable)
  return { create: [], delete: [...free, ...candidates.slice(0, room)] }
}

/**
 * Nodes that get a new daemon beside the old one. Where the old one is not available, it may come at once; where none
 * should run any more, the old one goes as soon as as many are available as there should be.
 */
function planSurge(view: DaemonView, places: readonly Place[]): DaemonChanges {
  const free: string[] = []
  const candidates: string[] = []
  const remove: Pod[] = []
  const misplaced: Pod[] = []
  let [surging, availableCount] = [0, 0]
  for (const place of places) {
    const pair = findPair(view, place)
    if (!pair) surging++
    const { current, old } = pair ?? {}
    const counting = old ?? current
    if (counting && available(view, counting)) availableCount++
    if (!old || !place.exists) continue
    if (current) {
      if (available(view, current)) remove.push(old)
      else surging++
    } else if (place.run) (available(view, old) ? candidates : free).push(place.name)
    else (available(view, old) ? misplaced : remove).push(old)
  }
  const surplus = Math.max(0, availableCount - desiredCount(view))
  const room = Math.max(0, maxSurge(view) - surging)
  return {
    create: [...free, ...candidates.slice(0, room)],
    delete: [...remove, ...misplaced.slice(0, surplus)],
  }
}

/** The new and the old daemon of a place; undefined where there are several of a kind, which are too many first. */
function findPair(
  view: DaemonView,
  { pods }: Place,
): { current: Pod | undefined; old: Pod | undefined } | undefined {
  const living = pods.filter((pod) => !isGoing(pod))
  const [current, secondCurrent] = living.filter((pod) => isCurrent(view, pod))
  const [old, secondOld] = living.filter((pod) => !isCurrent(view, pod))
  return secondCurrent || secondOld ? undefined : { current, old }
}

function desiredCount({ places }: DaemonView): number {
  return places.filter(({ run }) => run).length
}

function maxUnavailable(view: DaemonView): number {
  const { rollingUpdate } = view.daemonSet.spec.updateStrategy
  const unavailable = scaleIntOrPercent(rollingUpdate?.maxUnavailable ?? 1, desiredCount(view), "up")
  // Both zero (of a percentage of few nodes) would be a standstill.
  return unavailable === 0 && maxSurge(view) === 0 ? 1 : unavailable
}

function maxSurge(view: DaemonView): number {
  const { type, rollingUpdate } = view.daemonSet.spec.updateStrategy
  if (type !== "RollingUpdate") return 0
  return scaleIntOrPercent(rollingUpdate?.maxSurge ?? 0, desiredCount(view), "up")
}

/** Of the present template, by its hash or by its number. */
export function isCurrent({ revisionHash, daemonSet }: DaemonView, { metadata }: Pod): boolean {
  const generation = generationOf(daemonSet)
  return (
    metadata.labels?.[revisionLabel] === revisionHash ||
    (generation !== undefined && metadata.labels?.[generationLabel] === generation)
  )
}

function available({ daemonSet, nowMs }: DaemonView, pod: Pod): boolean {
  return isAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, nowMs)
}

function isGoing(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined
}

/** Those on a node before those that wait for it, then the oldest. */
function byPrecedence(a: Pod, b: Pod): number {
  return (
    Number(!a.spec.nodeName) - Number(!b.spec.nodeName) ||
    Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  )
}
