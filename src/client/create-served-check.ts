import { formatGroupVersion } from "../apimachinery/meta.ts"
import { type Resource } from "../apimachinery/resource.ts"
import { isStatusError } from "../apimachinery/status-error.ts"
import type { Transport } from "./transport.ts"

/**
 * For components that work for clusters of other versions and settings: whether a resource is served in this version. Asked
 * anew every time. Rejects when that cannot be told.
 */
export function createServedCheck(transport: Transport): (resource: Resource) => Promise<boolean> {
  return async (resource) => {
    const { group, plural } = resource
    const path = `${group ? "/apis" : "/api"}/${formatGroupVersion(resource)}`
    try {
      const { body } = await transport.request({ method: "GET", path })
      const { resources = [] } = body as { resources?: readonly { readonly name: string }[] }
      return resources.some(({ name }) => name === plural)
    } catch (error) {
      if (isStatusError(error, "NotFound")) return false
      throw error
    }
  }
}
