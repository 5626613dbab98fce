import { PersistentVolumeClaim } from "../../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import type { Volume } from "../../../api/core/v1/volume.ts"
import type { Cache } from "../../../client/cache.ts"
import { hint, type Plugin, resolvable, unresolvable } from "../../framework.ts"
import { podInfo } from "../../pod-info.ts"
import { usesClaim } from "./volume-binding.ts"

const diskInUse = resolvable("node(s) had no available disk")
const claimInUse = resolvable(
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
)

/**
 * Volumes that only so many may have: a ReadWriteOncePod claim is one pod's alone; disks named in the pod itself can't be
 * written from two pods on a node.
 */
export const volumeRestrictions: Plugin = {
  name: "VolumeRestrictions",
  filter(info, { view, cache }) {
    const { pod } = info
    const disks = (pod.spec.volumes ?? []).filter(isDisk)
    const once = readWriteOncePodClaims(pod, cache)
    if (typeof once === "string") return unresolvable(once)
    const used = once.flatMap((claim) => Array.from(view.pods.usersOf(claim)))
    if (disks.length === 0 && used.length === 0) return undefined
    const users = new Set(used.map((entry) => entry.info.uid))
    return {
      check(node) {
        if (disks.length && hasConflict(disks, node.pods.values())) return diskInUse
        // In a trial users may have been thought away from the node.
        const gone = node.changes().removed.filter(({ uid }) => users.has(uid)).length
        return users.size - gone > 0 ? claimInUse : undefined
      },
    }
  },
  hints: [
    hint(Pod, "delete", {
      concerns: (_current, gone) =>
        podInfo(gone!).claimNames.length > 0 || gone!.spec.volumes?.some(isDisk) === true,
    }),
    hint(PersistentVolumeClaim, "add", { mayHelp: usesClaim }),
  ],
}

/** Or the name of one that is missing. Claims of ephemeral volumes are the pod's own anyway. */
function readWriteOncePodClaims(pod: Pod, cache: Cache): string[] | string {
  const { namespace } = pod.metadata
  const keys: string[] = []
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (!persistentVolumeClaim) continue
    const name = persistentVolumeClaim.claimName
    const claim = cache.find(PersistentVolumeClaim, { namespace, name })
    if (!claim) return `persistentvolumeclaim "${name}" not found`
    if (claim.spec.accessModes?.includes("ReadWriteOncePod")) keys.push(`${namespace}/${name}`)
  }
  return keys
}

function isDisk({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: Volume): boolean {
  return Boolean(gcePersistentDisk || awsElasticBlockStore || rbd || iscsi)
}

function hasConflict(disks: readonly Volume[], pods: Iterable<{ readonly pod: Pod }>): boolean {
  for (const { pod } of pods) {
    for (const other of pod.spec.volumes ?? []) {
      if (isDisk(other) && disks.some((disk) => conflicts(disk, other))) return true
    }
  }
  return false
}

/** The same disk, and one of the two writes. */
function conflicts(a: Volume, b: Volume): boolean {
  const bothRead = (x: { readOnly?: boolean | undefined }, y: { readOnly?: boolean | undefined }) =>
    Boolean(x.readOnly && y.readOnly)
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    const [x, y] = [a.gcePersistentDisk, b.gcePersistentDisk]
    return x.pdName === y.pdName && !bothRead(x, y)
  }
  if (a.awsElasticBlockStore && b.awsElasticBlockStore)
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID
  if (a.iscsi && b.iscsi) return a.iscsi.iqn === b.iscsi.iqn && !bothRead(a.iscsi, b.iscsi)
  if (a.rbd && b.rbd) {
    const [x, y] = [a.rbd, b.rbd]
    const shared = x.monitors.some((monitor) => y.monitors.includes(monitor))
    return shared && x.pool === y.pool && x.image === y.image && !bothRead(x, y)
  }
  return false
}
