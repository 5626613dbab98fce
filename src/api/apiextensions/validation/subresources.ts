import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"
import type { CustomResourceSubresources } from "../v1/custom-resource-definition.ts"

export function* validateSubresources(
  subresources: CustomResourceSubresources | undefined,
  path: FieldPath,
): Errors {
  const { scale } = subresources ?? {}
  if (!scale) return
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  yield* replicasPath(specReplicasPath, path.child("scale.specReplicasPath"), [".spec."], ".spec")
  yield* replicasPath(statusReplicasPath, path.child("scale.statusReplicasPath"), [".status."], ".status")
  if (!labelSelectorPath) return
  const where = "either .spec or .status"
  yield* replicasPath(labelSelectorPath, path.child("scale.labelSelectorPath"), [".spec.", ".status."], where)
}

function* replicasPath(value: string, path: FieldPath, prefixes: readonly string[], where: string): Errors {
  if (!value) yield requiredValue(path)
  else if (!value.startsWith(".")) yield* simpleJsonPath(value, path)
  else if (!prefixes.some((prefix) => value.startsWith(prefix)))
    yield invalidValue(path, value, `should be a json path under ${where}`)
}

/** Nothing more than that it starts with a dot. */
export function* simpleJsonPath(value: string, path: FieldPath): Errors {
  if (!value.startsWith(".")) yield invalidValue(path, value, "must be a simple json path starting with .")
}
