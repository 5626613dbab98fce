import type { PersistentVolumeClaim } from "../v1/persistent-volume-claim.ts"

/**
 * Where a new volume's data come from is said twice: `dataSource` is of when it was a claim or a snapshot, `dataSourceRef`
 * may be anything. Each follows the other.
 */
export function alignDataSources(claim: PersistentVolumeClaim, old: PersistentVolumeClaim | undefined): void {
  const { spec } = claim
  // Across namespaces is not switched on upstream.
  if (spec.dataSourceRef?.namespace && !old?.spec.dataSourceRef) delete spec.dataSourceRef
  const hadSource = old?.spec.dataSource !== undefined || old?.spec.dataSourceRef !== undefined
  if (!hadSource && !spec.dataSourceRef && !isClaimOrSnapshot(spec.dataSource)) delete spec.dataSource
  if (spec.dataSource && !spec.dataSourceRef) {
    spec.dataSourceRef = { ...spec.dataSource }
  } else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { namespace: _, ...source } = spec.dataSourceRef
    spec.dataSource = source
  }
}

function isClaimOrSnapshot(source: PersistentVolumeClaim["spec"]["dataSource"]): boolean {
  if (!source) return false
  const { kind, apiGroup = "" } = source
  if (kind === "PersistentVolumeClaim") return apiGroup === ""
  return kind === "VolumeSnapshot" && apiGroup === "snapshot.storage.k8s.io"
}
