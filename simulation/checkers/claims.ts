import type { StatefulSet } from "../../src/api/apps/v1/stateful-set.ts"
import type { PersistentVolumeClaim } from "../../src/api/core/v1/persistent-volume-claim.ts"
import type { PersistentVolume } from "../../src/api/core/v1/persistent-volume.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import type { Observed } from "../world/history.ts"
import { type Checker, isOver, nameOf } from "./checker.ts"

interface Running {
  readonly machine: string
  readonly pod: Pod
}

/**
 * A replica finds its data again: no claim goes from under a pod that runs, no volume serves two claims, and what is to be
 * kept when a set shrinks or goes is kept.
 */
export function claims(): Checker {
  const running = new Map<string, Running>()
  /** Claims of replicas that must stay whatever becomes of the set, by name. */
  const toKeep = new Map<string, string>()
  return {
    name: "claims",
    started: (machine, pod) => void running.set(pod.metadata.uid, { machine, pod }),
    stopped: (_machine, pod) => void running.delete(pod.metadata.uid),
    observe({ resource, current, previous }, objects) {
      if (resource === "namespaces" && current?.metadata.deletionTimestamp)
        for (const name of toKeep.keys())
          if (name.startsWith(`${current.metadata.name}/`)) toKeep.delete(name)
      if (resource === "statefulsets" && current) remember(current as StatefulSet, toKeep, objects)
      if (resource === "persistentvolumes" && current)
        return checkVolume(current as PersistentVolume, objects)
      if (resource !== "persistentvolumeclaims" || current) return undefined
      const name = nameOf(previous!)
      const user = Array.from(running.values()).find(({ pod }) => claimsOf(pod).includes(name))
      const isKnown = user && objects.find<Pod>("pods", user.pod.metadata.namespace!, user.pod.metadata.name)
      return isKnown && isKnown.metadata.uid === user.pod.metadata.uid && !isOver(isKnown)
        ? `the claim ${name} goes while ${nameOf(user.pod)} runs on ${user.machine}`
        : undefined
    },
    atRest(objects) {
      for (const [name, uid] of toKeep) {
        const [namespace, claim] = name.split("/") as [string, string]
        const found = objects.find<PersistentVolumeClaim>("persistentvolumeclaims", namespace, claim)
        if (found?.metadata.uid !== uid) return `the claim ${name} was to be kept and is gone`
      }
      return objects
        .list<StatefulSet>("statefulsets")
        .map((set) => checkSet(set, objects))
        .find(Boolean)
    },
  }
}

function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim ? [`${metadata.namespace}/${persistentVolumeClaim.claimName}`] : [],
  )
}

/** Those that both policies keep: nothing that happens to the set takes them away, but the end of its namespace. */
function remember(set: StatefulSet, toKeep: Map<string, string>, objects: Observed): void {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenDeleted !== "Retain" || whenScaled !== "Retain") return
  if (objects.find("namespaces", "", set.metadata.namespace!)?.metadata.deletionTimestamp) return
  for (let ordinal = 0; ordinal < (set.spec.replicas ?? 1); ordinal++) {
    const claim = claimOf(set, ordinal, objects)
    if (claim) toKeep.set(nameOf(claim), claim.metadata.uid)
  }
}

function claimOf(set: StatefulSet, ordinal: number, objects: Observed): PersistentVolumeClaim | undefined {
  const { namespace, name } = set.metadata
  return objects.find<PersistentVolumeClaim>("persistentvolumeclaims", namespace!, `data-${name}-${ordinal}`)
}

function checkVolume(volume: PersistentVolume, objects: Observed): string | undefined {
  const users = objects
    .list<PersistentVolumeClaim>("persistentvolumeclaims")
    .filter(({ spec }) => spec.volumeName === volume.metadata.name)
  return users.length > 1 ? `${volume.metadata.name} serves ${users.map(nameOf).join(" and ")}` : undefined
}

function checkSet(set: StatefulSet, objects: Observed): string | undefined {
  const policy = set.spec.persistentVolumeClaimRetentionPolicy
  if (!set.spec.volumeClaimTemplates?.length) return undefined
  const replicas = set.spec.replicas ?? 1
  for (let ordinal = 0; ordinal < replicas + 7; ordinal++) {
    const claim = claimOf(set, ordinal, objects)
    if (ordinal < replicas && claim?.status.phase !== "Bound")
      return `${nameOf(set)} has no bound claim for ${ordinal}`
    if (ordinal >= replicas && claim && policy?.whenScaled === "Delete")
      return `${nameOf(claim)} stays, though ${nameOf(set)} has only ${replicas}`
  }
  return undefined
}
