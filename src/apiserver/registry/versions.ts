import { copyJson, deepFreeze } from "../../apimachinery/freeze.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import { normalize } from "../../apimachinery/structural.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import type { ServedResource } from "./served-resources.ts"
import type { Mutable } from "./strategy.ts"

/*
 * The forms an object has on its way: as its path serves it, as its rules see it, as it is stored. The rules of a built-in
 * kind are written for the version that is stored; a custom resource is ruled by the version that was written.
 */

/** The state in a served version: frozen, made once. Where a webhook converts, `prepareObjects` has been asked before. */
export function objectAs(served: ServedResource, stored: StoredObject): KubeObject {
  const { object } = stored
  if (isIn(served, object)) return object
  const known = stored.conversions?.get(served)
  if (known) return known
  if (served.convert) throw new Error(`${stored.key} was not converted to ${served.resource.version}`)
  return keep(served, stored, served.fromStorage(object))
}

/** Converts what `objectAs` could not give by itself, in one call. Throws what the webhook has to say. */
export async function prepareObjects(
  served: ServedResource,
  states: readonly StoredObject[],
  signal: AbortSignal,
): Promise<void> {
  const { convert, resource } = served
  if (!convert) return
  const missing = states.filter((stored) => !isIn(served, stored.object) && !stored.conversions?.has(served))
  if (missing.length === 0) return
  const objects = missing.map(({ object }) => object)
  const converted = await convert(objects, formatGroupVersion(resource), signal)
  for (const [index, stored] of missing.entries()) keep(served, stored, converted[index]!)
}

function keep(served: ServedResource, stored: StoredObject, object: KubeObject): KubeObject {
  const conversions = (stored.conversions ??= new WeakMap<object, KubeObject>())
  conversions.set(served, deepFreeze(object))
  return object
}

function isIn({ isCustom, resource, registry }: ServedResource, object: KubeObject): boolean {
  return isCustom ? object.apiVersion === formatGroupVersion(resource) : resource === registry.storage
}

/** What a request brought, as the rules of its kind see it. Private to the caller like what is given. */
export function ruledForm(served: ServedResource, object: KubeObject): Mutable {
  return (served.isCustom ? object : served.toStorage(object)) as Mutable
}

/** The present state as the rules of its kind see it; frozen. */
export function ruledState(served: ServedResource, stored: StoredObject): KubeObject {
  return served.isCustom ? objectAs(served, stored) : stored.object
}

/** What the rules have made of an object, as its path serves it. */
export function servedForm(served: ServedResource, ruled: KubeObject): KubeObject {
  return served.isCustom ? ruled : served.fromStorage(ruled)
}

/** The same as it goes into the store. */
export async function storedForm(
  served: ServedResource,
  ruled: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { storage } = served.registry
  if (!served.isCustom) return normalize(storage.schema, ruled)
  const apiVersion = formatGroupVersion(storage)
  if (ruled.apiVersion === apiVersion) return normalize(storage.schema, ruled)
  const [converted] = served.convert
    ? await served.convert([copyJson(ruled)], apiVersion, signal)
    : [{ ...ruled, apiVersion }]
  return normalize(storage.schema, converted!)
}
