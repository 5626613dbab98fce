import { invalid, invalidValue } from "../../apimachinery/field-error.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest, conflict, staleObject } from "../../apimachinery/status-errors.ts"
import { pathSegmentName } from "../../apimachinery/names.ts"
import { validateObjectMeta, validateObjectMetaUpdate } from "../../apimachinery/validate-object-meta.ts"
import { quote } from "../../base/quote.ts"
import { ruledKind } from "./prepare-create.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { Mutable, StrategyContext } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"

/** The name of the path is the object's. */
export function ensureName(object: Mutable, name: string): void {
  const { metadata } = object
  if (!metadata.name) {
    const why = "was undeterminable: name must be provided"
    throw badRequest(`the name of the object (${name} based on URL) ${why}`)
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
}

/** Refuses a write that was made for another object of that name. Patches leave this to validation. */
export function checkUid(
  { registry, resource }: ServedResource,
  { metadata }: Mutable,
  current: KubeObject,
): void {
  const { name, namespace, uid = "" } = current.metadata
  if (!metadata.uid || metadata.uid === uid) return
  const key = registry.cache.prefix.replace(/^\/registry/, "") + (namespace ? `${namespace}/${name}` : name)
  throw uidConflict(resource, name, key, metadata.uid, uid)
}

/** In the words of upstream's storage. `actual` is "" when there is no such object. */
export function uidConflict(resource: Resource, name: string, key: string, wanted: string, actual: string) {
  const why = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`
  const error = `invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`
  return conflict(resource, name, `StorageError: ${error}`)
}

/** Refuses a write that was made from an older state. */
export function checkVersion(
  { resource, strategy }: ServedResource,
  object: Mutable,
  current: KubeObject,
): void {
  const { metadata } = object
  const { name, resourceVersion } = current.metadata
  // "0" is any version.
  if (metadata.resourceVersion && metadata.resourceVersion !== "0") {
    requireNumber(metadata.resourceVersion)
    if (metadata.resourceVersion !== resourceVersion) throw conflict(resource, name, staleObject)
  } else if (strategy.allowsUnconditionalUpdate) metadata.resourceVersion = resourceVersion
  else {
    const why = invalidValue("metadata.resourceVersion", 0, "must be specified for an update")
    throw invalid({ group: resource.group, kind: resource.plural }, name, [why])
  }
}

function requireNumber(version: string): void {
  if (/^\d+$/.test(version)) return
  const why = `strconv.ParseUint: parsing ${quote(version)}: invalid syntax`
  throw new StatusError("Unknown", why, { code: 500 })
}

/** What the writer has no say in is taken from the present state; then the strategy has its turn. */
export function prepareUpdate(
  view: View,
  object: Mutable,
  current: KubeObject,
  context: StrategyContext,
): void {
  const { metadata } = object
  const old = current.metadata
  metadata.uid ||= old.uid
  metadata.creationTimestamp = old.creationTimestamp
  delete (metadata as Partial<typeof metadata>).selfLink
  setOrDelete(metadata, "generation", old.generation)
  // What a deletion has set nobody takes back; setting it is refused by validation.
  if (old.deletionTimestamp) metadata.deletionTimestamp = old.deletionTimestamp
  metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds
  if (metadata.deletionGracePeriodSeconds === undefined) delete metadata.deletionGracePeriodSeconds
  view.prepare(object, current, context)
}

/** Throws StatusError Invalid with all that is wrong. */
export function validateUpdate(
  served: ServedResource,
  view: View,
  object: Mutable,
  current: KubeObject,
  context: StrategyContext,
): void {
  const { storage } = served.registry
  const errors = [
    ...validateObjectMeta(object.metadata, storage.namespaced, pathSegmentName),
    ...validateObjectMetaUpdate(object.metadata, current.metadata),
    ...view.validate(object, current, context),
  ]
  if (errors.length > 0) throw invalid(ruledKind(served), current.metadata.name, errors)
}

function setOrDelete<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete target[key]
  else target[key] = value
}
