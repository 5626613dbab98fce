import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  labelSelector,
  oneOfIfSet,
  positiveQuantity,
  required,
} from "../../validation/checks.ts"
import type { TypedObjectReference } from "../v1/object-reference.ts"
import type { PersistentVolumeClaimSpec } from "../v1/persistent-volume-claim.ts"
import { validateAccessModes, volumeModes } from "./access-modes.ts"

/** Of a claim, and of the templates for claims in pods and StatefulSets. */
export function* validatePersistentVolumeClaimSpec(spec: PersistentVolumeClaimSpec, path: FieldPath): Errors {
  const { accessModes, selector, resources, storageClassName, volumeMode, volumeAttributesClassName } = spec
  yield* required(accessModes, path.child("accessModes"), "at least 1 access mode is required")
  yield* labelSelector(selector, path.child("selector"))
  yield* validateAccessModes(accessModes ?? [], path.child("accessModes"))
  const storage = resources?.requests?.["storage"]
  const storagePath = path.child("resources").key("storage")
  if (storage === undefined) yield requiredValue(storagePath)
  else yield* positiveQuantity(storage, storagePath)
  if (storageClassName) yield* dnsSubdomain(storageClassName, path.child("storageClassName"))
  yield* oneOfIfSet(volumeMode, path.child("volumeMode"), volumeModes)
  yield* dataSources(spec, path)
  if (volumeAttributesClassName) {
    yield* dnsSubdomain(volumeAttributesClassName, path.child("volumeAttributesClassName"))
  }
}

function* dataSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, path: FieldPath): Errors {
  if (dataSource) yield* source(dataSource, path.child("dataSource"))
  if (dataSourceRef) {
    yield* source(dataSourceRef, path.child("dataSourceRef"))
    const { namespace } = dataSourceRef
    if (namespace) yield* dnsLabel(namespace, path.child("dataSourceRef", "namespace"))
  }
  if (!dataSource || !dataSourceRef) return
  const isSame =
    dataSource.apiGroup === dataSourceRef.apiGroup &&
    dataSource.kind === dataSourceRef.kind &&
    dataSource.name === dataSourceRef.name
  if (dataSourceRef.namespace) {
    yield invalidValue(path, {}, "may not be specified when dataSourceRef.namespace is specified")
  } else if (!isSame) yield invalidValue(path, {}, "must match dataSourceRef")
}

function* source({ name, kind, apiGroup }: TypedObjectReference, path: FieldPath): Errors {
  yield* required(name, path.child("name"))
  yield* required(kind, path.child("kind"))
  if (apiGroup) yield* dnsSubdomain(apiGroup, path.child("apiGroup"))
  else if (kind !== "PersistentVolumeClaim") {
    yield invalidValue(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
  }
}
