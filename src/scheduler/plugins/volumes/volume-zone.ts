import { storageClassOf } from "../../../api/core/v1/match-volume.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { StorageClass } from "../../../api/storage/v1/storage-class.ts"
import type { Cache } from "../../../client/cache.ts"
import { hint, type Plugin, type Rejection, unresolvable } from "../../framework.ts"
import { usesClaim } from "./volume-binding.ts"
import { isChanged } from "../../is-changed.ts"

const otherZone = unresolvable("node(s) had no available volume zone")

/** Older volumes and nodes have the first; a volume's old label may be met by a node's new one. */
const labels: Readonly<Record<string, string>> = {
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone": "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region": "topology.kubernetes.io/region",
}

interface Place {
  readonly label: string
  /** Several zones of one volume are joined by "__". */
  readonly values: readonly string[]
}

/** A bound volume with a zone's label is reached from that zone alone. */
export const volumeZone: Plugin = {
  name: "VolumeZone",
  filter({ pod }, { cache }) {
    const places = placesOf(pod, cache)
    if ("reasons" in places) return places
    if (places.length === 0) return undefined
    return {
      check({ node }) {
        const own = node.metadata.labels ?? {}
        if (!Object.keys(labels).some((label) => own[label] !== undefined)) return undefined
        const fits = ({ label, values }: Place) => values.includes(own[label] ?? own[labels[label]!] ?? "\0")
        return places.every(fits) ? undefined : otherZone
      },
    }
  },
  hints: [
    hint(StorageClass, "add", { concerns: (added) => added!.volumeBindingMode === "WaitForFirstConsumer" }),
    hint(Node, "add"),
    hint(Node, "update", {
      concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
    }),
    hint(PersistentVolumeClaim, "add", { mayHelp: usesClaim }),
    hint(PersistentVolumeClaim, "update", { mayHelp: usesClaim }),
    hint(PersistentVolume, "add"),
    hint(PersistentVolume, "update", {
      concerns: (current, previous) => isChanged(current!.metadata.labels, previous!.metadata.labels),
    }),
  ],
}

function placesOf(pod: Pod, cache: Cache): Place[] | Rejection {
  const places: Place[] = []
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (!persistentVolumeClaim) continue
    const name = persistentVolumeClaim.claimName
    const claim = cache.find(PersistentVolumeClaim, { namespace: pod.metadata.namespace, name })
    if (!claim) return unresolvable(`persistentvolumeclaim "${name}" not found`)
    const { volumeName } = claim.spec
    if (!volumeName) {
      const problem = whyUnbound(claim, cache)
      if (problem) return unresolvable(problem)
      continue
    }
    const volume = cache.find(PersistentVolume, { name: volumeName })
    if (!volume) return unresolvable(`persistentvolume "${volumeName}" not found`)
    for (const label of Object.keys(labels)) {
      const value = volume.metadata.labels?.[label]
      if (value !== undefined) places.push({ label, values: value.split("__") })
    }
  }
  return places
}

function whyUnbound(claim: PersistentVolumeClaim, cache: Cache): string | undefined {
  const className = storageClassOf(claim)
  if (!className) return "PersistentVolumeClaim had no pv name and storageClass name"
  const storageClass = cache.find(StorageClass, { name: className })
  if (!storageClass) return `storageclass.storage.k8s.io "${className}" not found`
  return storageClass.volumeBindingMode === "WaitForFirstConsumer"
    ? undefined
    : "PersistentVolume had no name"
}
