import { invalidValue } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import type { Errors } from "./checks.ts"

const ownFinalizers: ReadonlySet<string> = new Set(["kubernetes", "orphan", "foregroundDeletion"])

/** Names without a domain are Kubernetes' own. Custom resources, which others define, need not care. */
export function* kubernetesFinalizer(name: string, path: FieldPath): Errors {
  if (name.includes("/") || ownFinalizers.has(name)) return
  yield invalidValue(path, name, "name is neither a standard finalizer name nor is it fully qualified")
}
