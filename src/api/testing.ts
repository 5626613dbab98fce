import { applyDefaults } from "../apimachinery/defaulting.ts"
import { formatFieldError } from "../apimachinery/field-error.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import { decodeObject } from "../apimachinery/structural.ts"
import { rulesFor } from "./strategies.ts"

const now = "2026-01-02T03:04:05Z"

/** An object as it stands before its validation: decoded, with a name and with defaults. For tests. */
export function complete<T extends KubeObject>(resource: Resource<T>, written: object): T {
  const { group, version, kind } = resource
  const metadata = { name: "sample", ...(resource.namespaced && { namespace: "default" }) }
  const object = { apiVersion: group ? `${group}/${version}` : version, kind, metadata, ...written }
  const decoded = decodeObject(resource.schema, structuredClone(object))
  return applyDefaults(resource.schema, decoded) as unknown as T
}

/** What is wrong with a new object, as its writer reads it. */
export function createErrors(resource: Resource, written: object): string[] {
  const rules = rulesFor(resource)
  const object = complete(resource, written)
  rules.prepareForCreate?.(object, now)
  return [...(rules.validate?.(object) ?? [])].map(formatFieldError)
}

/** What is wrong with changing `before` into `after`. */
export function updateErrors(resource: Resource, before: object, after: object): string[] {
  const rules = rulesFor(resource)
  const [object, old] = [complete(resource, after), complete(resource, before)]
  rules.prepareForUpdate?.(object, old, now)
  const errors = rules.validateUpdate ? rules.validateUpdate(object, old) : rules.validate?.(object)
  return [...(errors ?? [])].map(formatFieldError)
}
