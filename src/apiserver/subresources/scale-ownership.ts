import { ScaleSchema } from "../../api/autoscaling/v1/scale.ts"
import {
  difference,
  type FieldSet,
  fieldSet,
  intersection,
  isLeaf,
  union,
} from "../../apimachinery/apply/field-set.ts"
import type { ManagedFieldsEntry } from "../../apimachinery/meta.ts"
import { compareManagers } from "../../apimachinery/apply/managers.ts"
import type { ManagedKind } from "../../apimachinery/apply/update-managed-fields.ts"

const scaleVersion = "autoscaling/v1"
const scaleReplicas = fieldSet(["spec", "replicas"])

/** A Scale has one field that anybody can own, and that one is a field of the object behind it. */
export function scaleKind(): ManagedKind {
  return { schema: ScaleSchema, apiVersion: scaleVersion }
}

/** The owners of the number of replicas, as owners of a Scale. */
export function ownersOfScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  replicasPath: string,
): ManagedFieldsEntry[] {
  const path = fieldSet(replicasPath.split("."))
  return (entries ?? [])
    .filter((entry) => !isLeaf(intersection(fieldsOf(entry), path)))
    .map((entry) => ({ ...entry, apiVersion: scaleVersion, fieldsV1: asFields(scaleReplicas) }))
}

/** The owners of the whole object after an apply to its scale. */
export function ownersAfterScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  scaleEntries: readonly ManagedFieldsEntry[] | undefined,
  replicasPath: string,
  apiVersion: string,
): ManagedFieldsEntry[] {
  const path = fieldSet(replicasPath.split("."))
  const left = [...(scaleEntries ?? [])]
  const kept = (entries ?? []).flatMap((entry) => {
    const at = left.findIndex((each) => isSameManager(each, entry))
    const [scaled] = at < 0 ? [] : left.splice(at, 1)
    const others = difference(fieldsOf(entry), path)
    const fields = scaled ? union(others, path) : others
    if (isLeaf(fields)) return []
    return [{ ...entry, fieldsV1: asFields(fields) }]
  })
  // As upstream, who is new has no time, and so comes first.
  const added = left.map((entry) => {
    const { time: _, ...others } = entry
    return { ...others, apiVersion, fieldsV1: asFields(path) }
  })
  return [...kept, ...added].sort(compareManagers)
}

function isSameManager(a: ManagedFieldsEntry, b: ManagedFieldsEntry): boolean {
  return (
    a.manager === b.manager && a.operation === b.operation && (a.subresource ?? "") === (b.subresource ?? "")
  )
}

function fieldsOf({ fieldsV1 }: ManagedFieldsEntry): FieldSet {
  return (fieldsV1 ?? {}) as unknown as FieldSet
}

function asFields(fields: FieldSet): NonNullable<ManagedFieldsEntry["fieldsV1"]> {
  return fields
}
