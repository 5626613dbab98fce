import { ageColumn, integerColumn, nameColumn } from "../../api/columns.ts"
import { ScaleSchema } from "../../api/autoscaling/v1/scale.ts"
import { type FieldError, invalid, invalidValue } from "../../apimachinery/field-error.ts"
import {
  formatLabelSelector,
  type LabelSelectorObject,
  selectorFromLabels,
  selectorFromObject,
} from "../../apimachinery/labels.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import { badRequest, internalError } from "../../apimachinery/status-errors.ts"
import type { Column, ScalePaths } from "../../apimachinery/resource.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { Mutable } from "../registry/strategy.ts"
import { ownersAfterScale, ownersOfScale, scaleKind } from "./scale-ownership.ts"
import type { View } from "../registry/view.ts"

type Json = Readonly<Record<string, unknown>>

/** The number of replicas alone, in the same form for every kind that has one. */
export function scaleView(served: ServedResource, paths: ScalePaths): View {
  const { resource, strategy } = served
  const { specReplicas } = paths
  return {
    managed: {
      kind: scaleKind,
      show(object) {
        const managedFields = ownersOfScale(object.metadata.managedFields, specReplicas)
        const scale = scaleOf(object, paths)
        return { ...scale, metadata: { ...scale.metadata, managedFields } }
      },
      take(current, applied) {
        const object = withReplicas(current, applied, paths)
        const { managedFields } = current.metadata
        const scaled = applied.metadata.managedFields
        const owners = ownersAfterScale(managedFields, scaled, specReplicas, formatGroupVersion(resource))
        object.metadata.managedFields = owners
        return object
      },
    },
    subresource: "scale",
    columns: scaleColumns,
    isWhole: false,
    kind: { group: "autoscaling", version: "v1", kind: "Scale", schema: ScaleSchema },
    show: (object) => scaleOf(object, paths),
    take: (current, written) => {
      if (served.isCustom) ensureOne(current, written, specReplicas)
      return withReplicas(current, written, paths)
    },
    ...(served.isCustom && { ensureReadable: (object) => ensureReplicas(object, specReplicas) }),
    prepare: (object, old, context) => strategy.prepareForUpdate(object, old, context),
    validate: (object, old, context) => strategy.validateUpdate(object, old, context),
  }
}

/** The name in it is the object's, and plain. */
const { format: _, ...plainName } = nameColumn
const scaleColumns: readonly Column<KubeObject>[] = [
  plainName,
  integerColumn("Desired", "How many replicas are wanted.", (scale) => replicasOf(scale, "spec")),
  integerColumn("Available", "How many replicas there are.", (scale) => replicasOf(scale, "status")),
  ageColumn,
]

function replicasOf(scale: KubeObject, part: "spec" | "status"): number {
  return (at(scale, `${part}.replicas`) as number | undefined) ?? 0
}

function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = at(object, paths.specReplicas)
  const selector = paths.labelSelector && selectorText(at(object, paths.labelSelector))
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: { replicas: at(object, paths.statusReplicas) ?? 0, ...(selector && { selector }) },
  } as unknown as KubeObject
}

/** Custom resources need not say how many they want, and have no scale then. */
function ensureReplicas(object: KubeObject, path: string): void {
  if (at(object, path) === undefined)
    throw internalError(new Error(`the spec replicas field ".${path}" does not exist`))
}

function ensureOne(current: KubeObject, written: Mutable, path: string): void {
  const isGiven = (written["spec"] as Json | undefined)?.["replicas"] !== undefined
  if (!isGiven && at(current, path) === undefined)
    throw badRequest(`the spec replicas field ".${path}" cannot be empty`)
}

function withReplicas(current: KubeObject, written: Mutable, paths: ScalePaths): Mutable {
  const replicas = ((written["spec"] as Json | undefined)?.["replicas"] ?? 0) as number
  const errors: FieldError[] =
    replicas < 0 ? [invalidValue("spec.replicas", replicas, "must be greater than or equal to 0")] : []
  if (errors.length > 0) throw invalid({ group: "autoscaling", kind: "Scale" }, current.metadata.name, errors)
  const { resourceVersion, uid } = written.metadata
  const object = put(
    current as unknown as Json,
    paths.specReplicas.split("."),
    replicas,
  ) as unknown as Mutable
  // Preconditions are judged as for the object itself; absent ones ask for nothing.
  return { ...object, metadata: { ...current.metadata, resourceVersion, uid } }
}

function selectorText(selector: unknown): string {
  if (typeof selector === "string") return selector
  if (typeof selector !== "object" || selector === null) return ""
  const isPlain = !("matchLabels" in selector || "matchExpressions" in selector)
  return formatLabelSelector(
    isPlain
      ? selectorFromLabels(selector as Record<string, string>)
      : selectorFromObject(selector as LabelSelectorObject),
  )
}

function at(object: unknown, path: string): unknown {
  let value = object
  for (const name of path.replace(/^\./, "").split(".")) value = (value as Json | undefined)?.[name]
  return value
}

function put(object: Json, [name, ...rest]: readonly string[], value: unknown): Json {
  if (name === undefined) return object
  return { ...object, [name]: rest.length === 0 ? value : put((object[name] ?? {}) as Json, rest, value) }
}
