import { ControllerRevision } from "../../api/apps/v1/controller-revision.ts"
import type { PodTemplateSpec } from "../../api/core/v1/pod.ts"
import { canonicalJson, hashJson } from "../../apimachinery/hash.ts"
import type { Draft, KubeObject } from "../../apimachinery/meta.ts"
import type { JsonObject } from "../../apimachinery/schema.ts"
import { controllerReference } from "../shared/owner.ts"
import { deepEqual } from "../shared/deep-equal.ts"

/**
 * The history of a workload's template, one ControllerRevision per template, numbered from 1. A template that comes back
 * gets its old revision under a new number, so that the newest number is always the present template
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#revision-history).
 */
export type Templated = KubeObject & {
  readonly spec: { readonly template: PodTemplateSpec; readonly revisionHistoryLimit?: number | undefined }
}

const hashLabel = "controller.kubernetes.io/hash"
/** On pods; a DaemonSet's revisions carry the same, a StatefulSet's carry `hashLabel`. */
export const revisionLabel = "controller-revision-hash"

/** The hash that pods of a DaemonSet's revision are marked with. */
export function hashOf({ metadata }: ControllerRevision): string {
  return metadata.labels?.[revisionLabel] ?? metadata.labels?.[hashLabel] ?? ""
}

/**
 * What a revision remembers: a patch that `kubectl rollout undo` applies to the workload. Clients tell the present
 * revision by comparing bytes, so the fields are in the order in which upstream writes them.
 */
function snapshot({ spec }: Templated): JsonObject {
  const patch = { spec: { template: { ...(spec.template as unknown as JsonObject), $patch: "replace" } } }
  return JSON.parse(canonicalJson(patch)) as JsonObject
}

export type RevisionPlan =
  | { readonly kind: "present"; readonly revision: ControllerRevision }
  /** An old one is the newest again. */
  | { readonly kind: "renumber"; readonly revision: ControllerRevision }
  | { readonly kind: "create"; readonly revision: Draft<ControllerRevision> }

export function planRevision(
  owner: Templated,
  revisions: readonly ControllerRevision[],
  collisionCount: number | undefined,
): RevisionPlan {
  const sorted = sortRevisions(revisions)
  const data = snapshot(owner)
  const next = (sorted.at(-1)?.revision ?? 0) + 1
  const newest = sorted.at(-1)
  const equal = sorted.findLast((one) => deepEqual(one.data, data))
  if (!equal) return { kind: "create", revision: newRevision(owner, data, next, collisionCount) }
  if (equal === newest) return { kind: "present", revision: equal }
  return { kind: "renumber", revision: { ...equal, revision: next } }
}

function newRevision(
  owner: Templated,
  data: JsonObject,
  revision: number,
  collisionCount: number | undefined,
): Draft<ControllerRevision> {
  const { name, namespace, annotations } = owner.metadata
  const hash = hashJson(data, collisionCount)
  const label = owner.kind === "DaemonSet" ? revisionLabel : hashLabel
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...owner.spec.template.metadata.labels, [label]: hash },
      annotations,
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  }
}

/** Oldest number first. */
export function sortRevisions(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return [...revisions].sort(
    (a, b) => a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1),
  )
}

/** The template that a revision remembers. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const data = revision.data as unknown as { spec: { template: PodTemplateSpec & { $patch?: string } } }
  const { $patch: _, ...template } = data.spec.template
  return template
}

/** Revisions beyond the limit, the oldest first; those that `inUse` names stay and do not count. */
export function planHistory(
  owner: Templated,
  revisions: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
): readonly ControllerRevision[] {
  const unused = sortRevisions(revisions).filter(({ metadata }) => !inUse.has(metadata.name))
  return unused.slice(0, Math.max(0, unused.length - (owner.spec.revisionHistoryLimit ?? 10)))
}
