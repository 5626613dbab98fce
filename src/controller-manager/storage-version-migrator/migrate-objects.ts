import { formatGroupVersion, type KubeObject, keyOf } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"

const pageSize = 500

/**
 * Has every object written again that was last written before `upTo`: an apply that says nothing makes the server store
 * what it would store today. An object that was changed or deleted meanwhile needs it no more, which its version tells.
 */
export async function migrateObjects(
  client: Client,
  resource: Resource,
  upTo: bigint,
  fieldManager: string,
): Promise<void> {
  let next: string | undefined
  do {
    const page = await client.list(resource, { limit: pageSize, ...(next && { continue: next }) })
    for (const object of page.items)
      if (BigInt(object.metadata.resourceVersion) <= upTo)
        await rewrite(client, resource, object, fieldManager)
    next = page.metadata.continue
  } while (next)
}

async function rewrite(
  client: Client,
  resource: Resource,
  object: KubeObject,
  fieldManager: string,
): Promise<void> {
  const { uid, resourceVersion } = object.metadata
  const body = {
    apiVersion: formatGroupVersion(resource),
    kind: resource.kind,
    metadata: { uid, resourceVersion },
  }
  try {
    await client.patch(resource, keyOf(object), { type: "apply", body }, { fieldManager })
  } catch (error) {
    if (!isStatusError(error, "Conflict")) throw error
  }
}

/** Failures that may be gone when it is tried again. */
export function isTransient(error: unknown): boolean {
  return (
    !isStatusError(error) ||
    isStatusError(error, "ServerTimeout", "TooManyRequests", "ServiceUnavailable", "InternalError", "Timeout")
  )
}
