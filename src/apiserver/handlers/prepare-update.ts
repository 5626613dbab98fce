import { invalid } from "../../apimachinery/field-error.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { badRequest, conflict, staleObject } from "../../apimachinery/status-errors.ts"
import { validateObjectMetaUpdate } from "../../apimachinery/validate-object-meta.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { Mutable, StrategyContext } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"

/** The name of the path is the object's. */
export function ensureName(object: Mutable, name: string): void {
  const { metadata } = object
  if (!metadata.name) {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
}

/** Refuses a write that was made from an older state, or for another object of that name. */
export function checkPreconditions(
  { resource, strategy }: ServedResource,
  object: Mutable,
  current: KubeObject,
): void {
  const { metadata } = object
  const { name, uid, resourceVersion } = current.metadata
  if (metadata.uid && metadata.uid !== uid) {
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`,
    )
  }
  if (!metadata.resourceVersion) {
    if (!strategy.allowsUnconditionalUpdate) {
      throw invalid(resource, name, [
        {
          type: "FieldValueInvalid",
          field: "metadata.resourceVersion",
          badValue: 0,
          detail: "must be specified for an update",
        },
      ])
    }
    metadata.resourceVersion = resourceVersion
  } else if (metadata.resourceVersion !== resourceVersion) throw conflict(resource, name, staleObject)
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
  setOrDelete(metadata, "deletionTimestamp", old.deletionTimestamp)
  setOrDelete(metadata, "deletionGracePeriodSeconds", old.deletionGracePeriodSeconds)
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
  const errors = [
    ...validateObjectMetaUpdate(object.metadata, current.metadata),
    ...view.validate(object, current, context),
  ]
  if (errors.length > 0) throw invalid(served.resource, current.metadata.name, errors)
}

function setOrDelete<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete target[key]
  else target[key] = value
}
