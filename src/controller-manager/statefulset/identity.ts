import type { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import type { Pod, PodTemplateSpec } from "../../api/core/v1/pod.ts"
import type { Volume } from "../../api/core/v1/volume.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { revisionLabel } from "../revisions/revisions.ts"
import { controllerReference } from "../shared/owner.ts"
import { podFromTemplate } from "../shared/pod-control.ts"

// Names are all that a replica keeps when its pod is replaced: "web-2", its DNS name, its claims.

const podNameLabel = "statefulset.kubernetes.io/pod-name"
const podIndexLabel = "apps.kubernetes.io/pod-index"

export function podNameOf(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`
}

/** Undefined for a pod that is not a replica of the set by its name. */
export function ordinalOf(set: StatefulSet, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`
  const digits = podName.slice(prefix.length)
  return podName.startsWith(prefix) && /^(0|[1-9][0-9]*)$/.test(digits) ? Number(digits) : undefined
}

export function startOrdinal(set: StatefulSet): number {
  return set.spec.ordinals?.start ?? 0
}

export function claimNameOf(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${podNameOf(set, ordinal)}`
}

/** The claims of a replica as they should be when they are made. */
export function claimsOf(set: StatefulSet, ordinal: number): Draft<PersistentVolumeClaim>[] {
  return (set.spec.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    metadata: {
      ...metadata,
      name: claimNameOf(set, metadata.name, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...metadata.labels, ...set.spec.selector?.matchLabels },
    },
    spec,
  }))
}

/** A replica's pod, of the template of one revision. */
export function newPod(
  set: StatefulSet,
  template: PodTemplateSpec,
  revisionName: string,
  ordinal: number,
): Draft<Pod> {
  const pod = podFromTemplate(template, set)
  const name = podNameOf(set, ordinal)
  const labels = {
    ...template.metadata.labels,
    ...identityLabels(name, ordinal),
    [revisionLabel]: revisionName,
  }
  const { generateName: _, ...metadata } = pod.metadata!
  return {
    metadata: { ...metadata, name, labels, ownerReferences: [controllerReference(set)] },
    spec: {
      ...pod.spec,
      hostname: name,
      subdomain: set.spec.serviceName,
      volumes: volumesOf(set, template, ordinal),
    },
  }
}

export function identityLabels(name: string, ordinal: number): Record<string, string> {
  return { [podNameLabel]: name, [podIndexLabel]: String(ordinal) }
}

/** Claims take the place of volumes of the same name. */
export function volumesOf(set: StatefulSet, template: PodTemplateSpec, ordinal: number): Draft<Volume>[] {
  const templates = set.spec.volumeClaimTemplates ?? []
  const names = new Set(templates.map(({ metadata }) => metadata.name))
  const claimed = templates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: claimNameOf(set, name, ordinal), readOnly: false },
  }))
  return [...claimed, ...(template.spec.volumes ?? []).filter(({ name }) => !names.has(name))]
}

/** False when somebody took away the label that makes the pod this replica. */
export function hasIdentity({ metadata: { name, labels } }: Pod): boolean {
  return labels?.[podNameLabel] === name
}
