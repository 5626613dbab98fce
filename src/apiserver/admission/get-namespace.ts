import { Namespace } from "../../api/core/v1/namespace.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { internalError, notFound } from "../../apimachinery/status-errors.ts"
import type { AdmissionContext } from "./admission.ts"

/** The namespace of a write. Throws NotFound when it is nowhere: another server may have made it a moment ago. */
export async function getNamespace(
  { cache, client }: Pick<AdmissionContext, "cache" | "client">,
  name: string,
): Promise<Namespace> {
  const found = cache.find(Namespace, { name })
  if (found) return found
  try {
    return await client.get(Namespace, { name })
  } catch (error) {
    if (isStatusError(error, "NotFound")) throw notFound(Namespace, name)
    throw internalError(error)
  }
}
