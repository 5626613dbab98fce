import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { Client } from "../../client/client.ts"
import { semanticallyEqual } from "./semantically-equal.ts"

/** Writes a status that says something else than the present one. True when it wrote. */
export async function updateStatusIfChanged<T extends KubeObject & { status?: object }>(
  client: Client,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T["status"]>,
): Promise<boolean> {
  if (semanticallyEqual(object.status, status)) return false
  await client.updateStatus(resource, { ...object, status })
  return true
}
