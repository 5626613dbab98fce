import type { DaemonSet } from "../../api/apps/v1/daemon-set.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { scaleIntOrPercent } from "../../apimachinery/int-or-string.ts"
import { revisionLabel } from "../revisions/revisions.ts"
import { isAvailable } from "../shared/pods.ts"
import { nodeOf, placementOn } from "./daemon-pod.ts"

/** A node (or the name of one that is gone) and the daemons there, the oldest first. */
export interface Place {
  readonly name: string
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

export interface DaemonPlan {
  readonly create: readonly string[]
  readonly delete: readonly Pod[]
  /** Pods that have ended: they are deleted, with a pause after each failure on the same node. */
  readonly ended: readonly Pod[]
}

export function placesOf(
  daemonSet: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
): readonly Place[] {
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    const name = nodeOf(pod)
    if (name === undefined) continue
    const there = byNode.get(name) ?? []
    byNode.set(name, there)
    there.push(pod)
  }
  const places = nodes.map((node) => {
    const { name } = node.metadata
    return { name, ...placementOn(daemonSet, node), pods: (byNode.get(name) ?? []).sort(byCreation) }
  })
  const known = new Set(nodes.map((node) => node.metadata.name))
  const lost = Array.from(byNode).filter(([name]) => !known.has(name))
  return [...places, ...lost.map(([name, there]) => ({ name, run: false, stay: false, pods: there }))]
}

/** One daemon on every node that should have one, none elsewhere; then the rolling update. */
export function planDaemons(view: DaemonView): DaemonPlan {
  const surges = maxSurge(view) > 0
  const create: string[] = []
  const remove: Pod[] = []
  const ended: Pod[] = []
  for (const place of view.places) {
    const { run, stay, pods } = place
    if (run && pods.length === 0) create.push(place.name)
    else if (!stay) remove.push(...pods.filter((pod) => !isGoing(pod)))
    else {
      const living = pods.filter((pod) => !isGoing(pod))
      ended.push(...living.filter(hasEnded))
      const running = living.filter((pod) => !hasEnded(pod))
      remove.push(...(surges ? excessWhileSurging(view, running) : running.slice(1)))
    }
  }
  const update = view.daemonSet.spec.updateStrategy.type === "RollingUpdate" ? planUpdate(view) : nothing
  const doomed = new Set([...remove, ...update.delete].filter((pod) => !ended.includes(pod)))
  return { create: [...create, ...update.create], delete: Array.from(doomed), ended }
}

const nothing = { create: [], delete: [] } as const

/** While surging, an old and a new daemon may share a node until the new one is available. */
function excessWhileSurging(view: DaemonView, running: readonly Pod[]): readonly Pod[] {
  const [newest, ...spareNew] = running.filter((pod) => isCurrent(view, pod))
  const [old, ...spareOld] = running.filter((pod) => !isCurrent(view, pod))
  const spare = [...spareNew, ...spareOld]
  if (!newest || !old) return spare
  if (available(view, newest) || !available(view, old)) return [...spare, old]
  return spare
}

/** https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/ */
function planUpdate(view: DaemonView): Pick<DaemonPlan, "create" | "delete"> {
  const wanted = view.places.filter(({ run, pods }) => run || pods.length > 0)
  return maxSurge(view) > 0
    ? { create: planSurge(view, wanted), delete: [] }
    : { create: [], delete: planReplacement(view, wanted) }
}

/** Old daemons that may go now. One that is not available costs nothing to replace. */
function planReplacement(view: DaemonView, places: readonly Place[]): readonly Pod[] {
  const free: Pod[] = []
  const candidates: Pod[] = []
  let unavailable = 0
  for (const place of places) {
    if (!place.run) continue
    const { current, old } = pairOf(view, place)
    if (!current && old) {
      if (available(view, old)) candidates.push(old)
      else {
        free.push(old)
        unavailable++
      }
    } else if (!current || old || !available(view, current)) unavailable++
  }
  const room = Math.max(0, maxUnavailable(view) - unavailable)
  return [...free, ...candidates.slice(0, room)]
}

/** Nodes that get a new daemon beside the old one. Where the old one is not available, it may come at once. */
function planSurge(view: DaemonView, places: readonly Place[]): readonly string[] {
  const free: string[] = []
  const candidates: string[] = []
  let surging = 0
  for (const place of places) {
    if (!place.run) continue
    const { current, old } = pairOf(view, place)
    if (!old) continue
    if (current) surging += available(view, current) ? 0 : 1
    else if (available(view, old)) candidates.push(place.name)
    else free.push(place.name)
  }
  return [...free, ...candidates.slice(0, Math.max(0, maxSurge(view) - surging))]
}

function pairOf(view: DaemonView, { pods }: Place): { current: Pod | undefined; old: Pod | undefined } {
  const living = pods.filter((pod) => !isGoing(pod))
  return {
    current: living.find((pod) => isCurrent(view, pod)),
    old: living.find((pod) => !isCurrent(view, pod)),
  }
}

function maxUnavailable({ daemonSet, places }: DaemonView): number {
  const { rollingUpdate } = daemonSet.spec.updateStrategy
  const desired = places.filter(({ run }) => run).length
  const unavailable = scaleIntOrPercent(rollingUpdate?.maxUnavailable ?? 1, desired, "up")
  const surge = scaleIntOrPercent(rollingUpdate?.maxSurge ?? 0, desired, "up")
  // Both zero (of a percentage of few nodes) would be a standstill.
  return unavailable === 0 && surge === 0 ? 1 : unavailable
}

function maxSurge({ daemonSet, places }: DaemonView): number {
  const { type, rollingUpdate } = daemonSet.spec.updateStrategy
  if (type !== "RollingUpdate") return 0
  return scaleIntOrPercent(rollingUpdate?.maxSurge ?? 0, places.filter(({ run }) => run).length, "up")
}

export function isCurrent({ revisionHash }: DaemonView, pod: Pod): boolean {
  return pod.metadata.labels?.[revisionLabel] === revisionHash
}

function available({ daemonSet, nowMs }: DaemonView, pod: Pod): boolean {
  return isAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, nowMs)
}

function isGoing(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined
}

function hasEnded({ status }: Pod): boolean {
  return status.phase === "Failed" || status.phase === "Succeeded"
}

function byCreation(a: Pod, b: Pod): number {
  return (
    Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  )
}
