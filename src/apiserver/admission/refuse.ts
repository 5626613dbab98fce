import type { StatusError } from "../../apimachinery/status-error.ts"
import { forbidden } from "../../apimachinery/status-errors.ts"
import type { AdmissionAttributes } from "./admission.ts"

/** What a plugin throws: `pods "web" is forbidden: WHY`. A name that is not made yet is told by its beginning. */
export function refuse({ resource, name, object }: AdmissionAttributes, why: string): StatusError {
  const known = name || object?.metadata.name || object?.metadata.generateName || "Unknown"
  return forbidden(resource, known, why)
}
