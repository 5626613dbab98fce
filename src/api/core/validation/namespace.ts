import { invalidValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, qualifiedName } from "../../validation/checks.ts"
import { kubernetesFinalizer } from "../../validation/finalizers.ts"
import type { Namespace } from "../v1/namespace.ts"

const path = fieldPath("spec", "finalizers")

export function* validateNamespace({ spec }: Namespace): Errors {
  for (const name of spec?.finalizers ?? []) yield* finalizer(name, path)
}

/** Through the subresource that takes finalizers off. */
export function* validateNamespaceFinalize({ spec }: Namespace): Errors {
  for (const [index, name] of (spec?.finalizers ?? []).entries()) yield* finalizer(name, path.index(index))
}

function* finalizer(name: string, at: FieldPath): Errors {
  yield* qualifiedName(name, at)
  yield* kubernetesFinalizer(name, at)
}

export function* validateNamespaceStatusUpdate({ metadata, status }: Namespace): Errors {
  const at = fieldPath("status", "Phase")
  const phase = status.phase ?? ""
  if (!metadata.deletionTimestamp && phase !== "Active") {
    yield invalidValue(at, phase, "may only be 'Active' if `deletionTimestamp` is empty")
  } else if (metadata.deletionTimestamp && phase !== "Terminating") {
    yield invalidValue(at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")
  }
}
