import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
  tooLong,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import type { TopologySelectorTerm } from "../../core/v1/node-selector.ts"
import { deprecatedNodeLabels } from "../../core/validation/deprecated-labels.ts"
import { type Errors, immutable, oneOfIfSet, qualifiedName } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { StorageClass } from "../v1/storage-class.ts"
import type { VolumeAttributesClass } from "../v1/volume-attributes-class.ts"

const maxParameters = 512
const maxParametersBytes = 256 * 1024

export function* validateStorageClass(storageClass: StorageClass): Errors {
  const { parameters, reclaimPolicy, volumeBindingMode, allowedTopologies = [] } = storageClass
  yield* provisioner(storageClass.provisioner, fieldPath("provisioner"))
  yield* validateParameters(parameters, fieldPath("parameters"))
  if (reclaimPolicy) yield* oneOfIfSet(reclaimPolicy, fieldPath("reclaimPolicy"), ["Delete", "Retain"])
  const modePath = fieldPath("volumeBindingMode")
  if (volumeBindingMode === undefined) yield requiredValue(modePath)
  else yield* oneOfIfSet(volumeBindingMode, modePath, ["Immediate", "WaitForFirstConsumer"])
  yield* topologies(allowedTopologies, fieldPath("allowedTopologies"))
}

function* provisioner(name: string, path: FieldPath): Errors {
  if (name) yield* qualifiedName(name.toLowerCase(), path)
  else yield requiredValue(path)
}

type Parameters = Readonly<Record<string, string>>

function* validateParameters(parameters: Parameters = {}, path: FieldPath): Errors {
  const entries = Object.entries(parameters)
  if (entries.length > maxParameters) {
    yield tooLong(path, maxParameters)
    return
  }
  let size = 0
  for (const [name, value] of entries) {
    if (!name) yield invalidValue(path, name, "field can not be empty.")
    size += utf8Length(name) + utf8Length(value)
  }
  if (size > maxParametersBytes) yield tooLong(path, maxParametersBytes)
}

function* topologies(terms: readonly TopologySelectorTerm[], path: FieldPath): Errors {
  const seen: Record<string, string[]>[] = []
  for (const [index, { matchLabelExpressions = [] }] of terms.entries()) {
    const at = path.index(index).child("matchLabelExpressions")
    const values: Record<string, string[]> = {}
    for (const [position, expression] of matchLabelExpressions.entries()) {
      const entry = at.index(position)
      yield* labelValues(expression.values ?? [], entry.child("values"))
      yield* qualifiedName(expression.key, entry.child("key"))
      if (expression.key in values) yield duplicateValue(entry.child("key"), expression.key)
      values[expression.key] = [...new Set(expression.values)].sort()
    }
    // A term without expressions is refused in these words, too.
    if (matchLabelExpressions.length === 0) yield duplicateValue(at, "")
    for (const other of seen) if (semanticEqual(other, values)) yield duplicateValue(at, "")
    seen.push(values)
  }
}

function* labelValues(values: readonly string[], path: FieldPath): Errors {
  if (values.length === 0) yield requiredValue(path)
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) < index) yield duplicateValue(path.index(index), value)
  }
}

export function* validateStorageClassUpdate(storageClass: StorageClass, old: StorageClass): Errors {
  yield* validateStorageClass(storageClass)
  for (const name of ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] as const) {
    yield* immutable(storageClass[name], old[name], fieldPath(name))
  }
}

export function* storageClassWarnings({ allowedTopologies = [] }: StorageClass): Iterable<string> {
  for (const [index, { matchLabelExpressions = [] }] of allowedTopologies.entries()) {
    for (const [position, { key }] of matchLabelExpressions.entries()) {
      const text = deprecatedNodeLabels[key]
      const at = fieldPath("allowedTopologies").index(index).child("matchLabelExpressions").index(position)
      if (text !== undefined) yield `${at.child("key")}: ${text}`
    }
  }
}

export function* validateVolumeAttributesClass({ driverName, parameters }: VolumeAttributesClass): Errors {
  yield* provisioner(driverName, fieldPath("driverName"))
  yield* validateParameters(parameters, fieldPath("parameters"))
  if (Object.keys(parameters ?? {}).length === 0) {
    yield requiredValue("parameters", "must contain at least one key/value pair")
  }
}

export function* validateVolumeAttributesClassUpdate(
  attributesClass: VolumeAttributesClass,
  old: VolumeAttributesClass,
): Errors {
  for (const name of ["driverName", "parameters"] as const) {
    if (semanticEqual(attributesClass[name] ?? {}, old[name] ?? {})) continue
    yield forbiddenValue(name, `updates to ${name} are forbidden.`)
  }
  yield* validateVolumeAttributesClass(attributesClass)
}
