import { controllerOf, type KubeObject, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { matchesLabels, type Selector } from "../../apimachinery/labels.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import type { Client } from "../../client/client.ts"
import { controllerReference } from "./owner.ts"

/**
 * A controller's selector says which objects are meant to be its own, an owner reference says which are. Where they
 * differ, an orphan that is selected is adopted and a child that is no longer selected is released
 * (https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions). An object with
 * another controller is never touched.
 */
export interface Claims<T> {
  /** Selected and owned already. */
  readonly owned: readonly T[]
  readonly adopt: readonly T[]
  readonly release: readonly T[]
}

export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: Selector,
  children: readonly T[],
  orphans: readonly T[],
): Claims<T> {
  const matches = (object: T) => matchesLabels(selector, object.metadata.labels)
  const deleting = owner.metadata.deletionTimestamp !== undefined
  return {
    owned: children.filter(matches),
    adopt: deleting ? [] : orphans.filter((orphan) => !orphan.metadata.deletionTimestamp && matches(orphan)),
    release: deleting ? [] : children.filter((child) => !matches(child)),
  }
}

/** Index of the objects nobody controls, by namespace; `watch(Pod, keys, orphanIndex)`. */
export const orphanIndex = {
  orphans: (object: KubeObject): readonly string[] =>
    controllerOf(object) ? [] : [object.metadata.namespace ?? ""],
}

export interface ClaimOptions<T> {
  /** Orphans that may be adopted, beyond being selected. */
  readonly accepts?: (orphan: T) => boolean
  /** Children that may be released, beyond being selected no longer. */
  readonly releases?: (child: T) => boolean
  /** Added to what is adopted. */
  readonly finalizer?: string
}

/** What `owner` owns of a resource, after adopting and releasing. Needs `orphanIndex` on the watch of `resource`. */
export async function claim<T extends KubeObject, O extends KubeObject>(
  { client, cache }: { readonly client: Client; readonly cache: Cache },
  owner: { readonly resource: Resource<O>; readonly object: O },
  selector: Selector,
  resource: Resource<T>,
  options: ClaimOptions<T> = {},
): Promise<readonly T[]> {
  const { namespace = "", uid } = owner.object.metadata
  const orphans = cache.byIndex(resource, "orphans", namespace).filter(options.accepts ?? (() => true))
  const claims = planClaims(owner.object, selector, cache.ownedBy(resource, uid), orphans)
  if (claims.adopt.length > 0) await mayAdopt(client, owner)
  const adopted = await Promise.all(
    claims.adopt.map((orphan) => adopt(client, resource, orphan, owner.object, options.finalizer)),
  )
  const released = claims.release.filter(options.releases ?? (() => true))
  await Promise.all(released.map((child) => release(client, resource, child, uid)))
  return [...claims.owned, ...adopted.filter((child) => child !== undefined)]
}

/** The cache may not know yet that the owner is being deleted: the server does. */
async function mayAdopt<O extends KubeObject>(
  client: Client,
  owner: { readonly resource: Resource<O>; readonly object: O },
): Promise<void> {
  const key: ObjectKey = keyOf(owner.object)
  const fresh = await client.get(owner.resource, key)
  if (fresh.metadata.uid !== owner.object.metadata.uid || fresh.metadata.deletionTimestamp)
    throw new Error(`${owner.object.kind} ${key.name} is being deleted or was replaced: not adopting`)
}

async function adopt<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  orphan: T,
  owner: KubeObject,
  finalizer: string | undefined,
): Promise<T | undefined> {
  const { uid } = orphan.metadata
  const finalizers = finalizer ? { finalizers: [finalizer] } : {}
  const body = { metadata: { ownerReferences: [controllerReference(owner)], uid, ...finalizers } }
  return client.patch(resource, keyOf(orphan), { type: "strategic", body }).catch(ignoreNotFound)
}

async function release(client: Client, resource: Resource, child: KubeObject, owner: string): Promise<void> {
  const { uid } = child.metadata
  const body = { metadata: { ownerReferences: [{ $patch: "delete", uid: owner }], uid } }
  try {
    await client.patch(resource, keyOf(child), { type: "strategic", body })
  } catch (error) {
    // Invalid: it has gone and another object has its name, or somebody released it before.
    if (!isStatusError(error, "NotFound", "Invalid")) throw error
  }
}
