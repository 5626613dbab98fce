import type { DaemonSet } from "../../src/api/apps/v1/daemon-set.ts"
import type { Node } from "../../src/api/core/v1/node.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import { controllerOf } from "../../src/apimachinery/meta.ts"
import type { Observed } from "../world/history.ts"
import { Armed } from "./armed.ts"
import { type Checker, isOver, nameOf } from "./checker.ts"
import { isAvailable, isDisturbance, isGoing } from "./disruptions.ts"

/**
 * A rolling update of a DaemonSet leaves no more nodes without an available pod than maxUnavailable, none at all where it
 * surges. At rest each node has just one.
 */
export function daemonAvailability(): Checker {
  const armed = new Armed()
  return {
    name: "daemon-availability",
    disturbing: () => armed.before(),
    disturbed: (atMs) => armed.after(atMs),
    observe({ resource, current, previous, atMs }, objects) {
      // Another node, or one that is not as it was, changes what is promised.
      if (resource === "minions") {
        const [now, before] = [current, previous].map((node) =>
          JSON.stringify((node as Node | undefined)?.spec),
        )
        if (now !== before)
          for (const { metadata } of objects.list<DaemonSet>("daemonsets")) armed.disarm(metadata.uid)
        return undefined
      }
      if (resource === "daemonsets") {
        // A status may be late: it said at rest with fewer nodes than there are by now.
        const [now, before] = [current, previous].map(
          (set) => (set as DaemonSet | undefined)?.status.desiredNumberScheduled,
        )
        if (now !== before && current) armed.disarm(current.metadata.uid)
        if (current) look(current as DaemonSet, armed, atMs, objects)
        return undefined
      }
      if (resource !== "pods") return undefined
      const pod = (current ?? previous) as Pod
      const set = daemonSetOf(pod, objects)
      if (!set) return undefined
      const { uid } = set.metadata
      if (isDisturbance(current as Pod | undefined, previous as Pod | undefined)) armed.disarm(uid)
      const served = nodesServed(set, objects)
      const least = (set.status.desiredNumberScheduled ?? 0) - mayMiss(set)
      return armed.has(uid) && served < least && !isGoing(set, objects)
        ? `${nameOf(set)} is available on ${served} nodes, and never on fewer than ${least} was promised`
        : undefined
    },
    atRest(objects) {
      for (const set of objects.list<DaemonSet>("daemonsets")) {
        const nodes = podsOf(set, objects)
          .filter((pod) => !isOver(pod))
          .map(({ spec }) => spec.nodeName)
        if (new Set(nodes).size !== nodes.length)
          return `${nameOf(set)} has two pods on one node: ${nodes.join()}`
      }
      return undefined
    },
  }
}

function look(set: DaemonSet, armed: Armed, atMs: number, objects: Observed): void {
  const { uid, generation, deletionTimestamp } = set.metadata
  const {
    desiredNumberScheduled: wanted,
    updatedNumberScheduled,
    numberAvailable,
    observedGeneration,
  } = set.status
  if (deletionTimestamp) return armed.disarm(uid)
  const isAtRest =
    observedGeneration === generation &&
    updatedNumberScheduled === wanted &&
    numberAvailable === wanted &&
    nodesServed(set, objects) === wanted
  if (isAtRest) armed.arm(uid, atMs)
}

function mayMiss({ spec }: DaemonSet): number {
  return Number(spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1)
}

function nodesServed(set: DaemonSet, objects: Observed): number {
  return new Set(
    podsOf(set, objects)
      .filter(isAvailable)
      .map(({ spec }) => spec.nodeName),
  ).size
}

function podsOf({ metadata }: DaemonSet, objects: Observed): Pod[] {
  return objects.list<Pod>("pods").filter((pod) => controllerOf(pod)?.uid === metadata.uid)
}

function daemonSetOf(pod: Pod, objects: Observed): DaemonSet | undefined {
  const owner = controllerOf(pod)
  const set = owner && objects.find<DaemonSet>("daemonsets", pod.metadata.namespace!, owner.name)
  return set?.metadata.uid === owner?.uid ? set : undefined
}
