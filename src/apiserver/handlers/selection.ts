import {
  type FieldSelector,
  findExactValue,
  matchesFields,
  parseFieldSelector,
} from "../../apimachinery/field-selector.ts"
import { matchesLabels, parseLabelSelector, selectsEverything } from "../../apimachinery/labels.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { objectAs } from "../registry/versions.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import type { WatchScope } from "../watch-cache/watcher.ts"
import type { ListOptions } from "./list-options.ts"

/** Which objects a list, a watch or a deletecollection is about. Throws StatusError for selectors that are none. */
export function scopeOf(
  served: ServedResource,
  namespace: string,
  name: string,
  options: Pick<ListOptions, "labelSelector" | "fieldSelector">,
): WatchScope {
  const { resource } = served
  const fields = parse(() => parseFieldSelector(options.fieldSelector))
  const labels = parse(() => parseLabelSelector(options.labelSelector))
  for (const { field, value } of fields.requirements) {
    // "=" means nothing, and nothing is wrong with that.
    if (field !== "" || value !== "") checkField(served, field)
  }
  checkName(name, fields)
  const inNamespace = resource.namespaced
    ? namespace || findExactValue(fields, "metadata.namespace")
    : undefined
  const named = name || findExactValue(fields, "metadata.name")
  const indexed = served.registry.indexedField
  const indexedValue = indexed === undefined ? undefined : findExactValue(fields, indexed)
  const rest = fields.requirements.filter(
    (each) => !isAnsweredByKey(each, inNamespace, named) && (each.field !== "" || each.value !== ""),
  )
  const byLabels = selectsEverything(labels)
    ? undefined
    : (stored: StoredObject) => matchesLabels(labels, stored.object.metadata.labels)
  const byFields = fieldMatcher(served, { requirements: rest })
  const isLate = served.convert !== undefined
  const matches = isLate ? byLabels : both(byLabels, byFields)
  return {
    ...(inNamespace && { namespace: inNamespace }),
    ...(named && { name: named }),
    ...(indexedValue !== undefined && { indexedValue }),
    ...(matches && { matches }),
    ...(isLate && byFields && { matchesLate: byFields }),
  }
}

/** Whether the scope is nothing but a place: what `remainingItemCount` is told for. */
export function selectsByPlaceOnly(scope: WatchScope): boolean {
  return scope.matches === undefined && scope.matchesLate === undefined && scope.name === undefined
}

/** Of several values of one field only one is the place; the others match nothing there. */
function isAnsweredByKey(
  { field, operator, value }: FieldSelector["requirements"][number],
  namespace: string | undefined,
  name: string | undefined,
): boolean {
  if (operator !== "=") return false
  return (
    (field === "metadata.name" && value === name) || (field === "metadata.namespace" && value === namespace)
  )
}

/** A path that names one object and a selector that names another contradict each other. */
function checkName(name: string, fields: FieldSelector): void {
  if (name === "" || fields.requirements.length === 0) return
  if (findExactValue(fields, "metadata.name") === name) return
  throw badRequest("fieldSelector metadata.name doesn't match requested name")
}

type Matcher = (stored: StoredObject) => boolean

function fieldMatcher(served: ServedResource, fields: FieldSelector): Matcher | undefined {
  if (fields.requirements.length === 0) return undefined
  return (stored) => {
    const object = objectAs(served, stored)
    return matchesFields(fields, (field) => fieldOf(served.resource, object, field))
  }
}

function both(first: Matcher | undefined, second: Matcher | undefined): Matcher | undefined {
  if (!first || !second) return first ?? second
  return (stored) => first(stored) && second(stored)
}

function fieldOf(resource: Resource, object: KubeObject, field: string): string {
  if (field === "metadata.name") return object.metadata.name
  if (field === "metadata.namespace") return object.metadata.namespace ?? ""
  return resource.selectableFields[field]!(object)
}

function checkField({ resource, isCustom }: ServedResource, field: string): void {
  if (field === "metadata.name") return
  if (field === "metadata.namespace") return
  if (Object.hasOwn(resource.selectableFields, field)) return
  const known = Object.keys(resource.selectableFields)
  throw badRequest(
    known.length > 0 || isCustom
      ? `field label not supported: ${field}`
      : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  )
}

function parse<T>(parser: () => T): T {
  try {
    return parser()
  } catch (error) {
    throw badRequest((error as Error).message)
  }
}
