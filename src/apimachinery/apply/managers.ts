import { jsonEqual } from "../json-equal.ts"
import type { ManagedFieldsEntry } from "../meta.ts"
import type { JsonObject } from "../schema.ts"
import type { JsonRecord } from "../schema-plan.ts"
import { formatTime } from "../time.ts"
import { difference, emptySet, type FieldSet, fieldSet, isLeaf, parseFieldSet, union } from "./field-set.ts"

/** Who manages which fields of one object: metadata.managedFields, entry by entry. */
export type Managers = ReadonlyMap<ManagerKey, Manager>

export interface Manager {
  readonly manager: string
  readonly operation: "Apply" | "Update"
  /** The version in which the fields are named. */
  readonly apiVersion: string
  readonly subresource: string
  /** RFC 3339; absent if it never changed anything. */
  readonly time: string | undefined
  readonly fields: FieldSet
  /** The entry that says just this, if there is one: unchanged managers are written as they were read. */
  readonly entry?: ManagedFieldsEntry
}

/**
 * What makes two entries one manager. An applier is the same in all versions. The form is that of upstream, whose order
 * decides which of two conflicts is told first.
 */
export type ManagerKey = string

export function managerKey({ manager, operation, apiVersion, subresource }: ManagerId): ManagerKey {
  const version = operation === "Apply" ? "" : `,"apiVersion":${quoted(apiVersion)}`
  const part = subresource ? `,"subresource":${quoted(subresource)}` : ""
  return `{"manager":${quoted(manager)},"operation":"${operation}"${version}${part}}`
}

/** As JSON; what names mostly are made of needs no escapes. */
function quoted(text: string): string {
  return /^[\w .:/-]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}

export type ManagerId = Pick<Manager, "manager" | "operation" | "apiVersion" | "subresource">

/** Entries that the server wrote itself. Throws Error for any other thing. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Map<ManagerKey, Manager> {
  const managers = new Map<ManagerKey, Manager>()
  for (const entry of entries ?? []) {
    const manager = decodeEntry(entry)
    managers.set(managerKey(manager), manager)
  }
  return managers
}

function decodeEntry(entry: ManagedFieldsEntry): Manager {
  const { manager = "", operation, apiVersion = "", subresource = "", time, fieldsType, fieldsV1 } = entry
  if (operation !== "Apply" && operation !== "Update")
    throw new Error("operation must be `Apply` or `Update`")
  if (apiVersion === "") throw new Error("apiVersion must not be empty")
  if (fieldsType !== "FieldsV1") {
    throw new Error(
      fieldsType
        ? `invalid fieldsType "${fieldsType}" in managed fields entry`
        : "missing fieldsType in managed fields entry",
    )
  }
  const fields = knownFields(fieldsV1)
  return { manager, operation, apiVersion, subresource, time, fields, ...(fields === fieldsV1 && { entry }) }
}

/** What was read before, and what was made here, need not be looked through again. */
const known = new WeakMap<object, FieldSet>([[emptySet, emptySet]])

function knownFields(fieldsV1: JsonObject | undefined): FieldSet {
  if (fieldsV1 === undefined) return emptySet
  const before = known.get(fieldsV1)
  if (before) return before
  const parsed = parseFieldSet(fieldsV1)
  const isCanonical = JSON.stringify(parsed) === JSON.stringify(fieldsV1)
  const fields = isCanonical ? (fieldsV1 as unknown as FieldSet) : parsed
  known.set(fieldsV1, fields)
  return fields
}

export interface WithManagedFields {
  readonly metadata?: { readonly managedFields?: readonly ManagedFieldsEntry[] | undefined } | undefined
}

/**
 * The managers that hold before an update. A client may hand in other ones than the live object has; what it does not
 * understand or leaves out does not count. In a subresource it has no say.
 */
export function managersBefore(
  live: WithManagedFields | undefined,
  updated: WithManagedFields,
  isSubresource: boolean,
): Map<ManagerKey, Manager> {
  const current = live?.metadata?.managedFields
  const wanted = updated.metadata?.managedFields
  if (isSubresource || wanted === current || jsonEqual(wanted, current)) return decodeOrNone(current)
  if (isReset(wanted)) return new Map()
  try {
    const managers = decodeManagers(wanted)
    if (managers.size > 0) return managers
  } catch {
    // Falls back to what is known to be well formed.
  }
  return decodeOrNone(current)
}

function decodeOrNone(entries: readonly ManagedFieldsEntry[] | undefined): Map<ManagerKey, Manager> {
  try {
    return decodeManagers(entries)
  } catch {
    return new Map()
  }
}

/** `managedFields: [{}]`, or `[]`, is how a client asks for all managers to be forgotten. */
function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  return entries?.length === 0 || (entries?.length === 1 && Object.keys(entries[0]!).length === 0)
}

/** In upstream's order: appliers first, then by age, name, version. Absent if nobody manages anything. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined
  return [...managers.values()].sort(compareManagers).map(encodeManager)
}

export function encodeManager({
  manager,
  operation,
  apiVersion,
  subresource,
  time,
  fields,
  entry,
}: Manager): ManagedFieldsEntry {
  if (entry) return entry
  known.set(fields, fields)
  return {
    manager,
    operation,
    apiVersion,
    ...(time && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...(subresource && { subresource }),
  }
}

type Ordered = Partial<
  Record<"operation" | "manager" | "apiVersion" | "time" | "subresource", string | undefined>
>

/** In upstream's order: appliers first, then by age, name, version. */
export function compareManagers(a: Ordered, b: Ordered): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time, b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

function compareText(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The manager with other fields, and another time if one is given. */
export function withFields(manager: Manager, fields: FieldSet, now?: number): Manager {
  if (fields === manager.fields && now === undefined) return manager
  const { entry: _, ...rest } = manager
  return { ...rest, fields, ...(now !== undefined && { time: formatTime(now) }) }
}

/** What the server itself sets is nobody's. */
const strippedFields = fieldSet(
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ["metadata", "name"],
  ["metadata", "namespace"],
  ["metadata", "creationTimestamp"],
  ["metadata", "selfLink"],
  ["metadata", "uid"],
  ["metadata", "clusterName"],
  ["metadata", "generation"],
  ["metadata", "managedFields"],
  ["metadata", "resourceVersion"],
)

export function stripMetadata(fields: FieldSet): FieldSet {
  return difference(fields, strippedFields)
}

/** The object without its managedFields, which are not a field like others. */
export function withoutManagedFields(object: JsonRecord): JsonRecord {
  const { metadata } = object
  if (typeof metadata !== "object" || metadata === null || !("managedFields" in metadata)) return object
  const { managedFields: _, ...rest } = metadata as JsonRecord
  return { ...object, metadata: rest }
}

export function withManagedFields(
  object: JsonRecord,
  managedFields: ManagedFieldsEntry[] | undefined,
): JsonRecord {
  const { managedFields: _, ...metadata } = object["metadata"] as JsonRecord
  return { ...object, metadata: managedFields ? { ...metadata, managedFields } : metadata }
}

const maxUpdaters = 10
const ancientName = "ancient-changes"

/** At most ten updaters are told apart; the oldest are put together, one heap for each version. */
export function capUpdaters(managers: Map<ManagerKey, Manager>): void {
  const updaters = [...managers].filter(([, manager]) => manager.operation === "Update")
  let count = updaters.length
  if (count <= maxUpdaters) return
  updaters.sort(([keyA, a], [keyB, b]) => compareText(a.time ?? "", b.time ?? "") || compareText(keyA, keyB))
  const firstOf = new Map<string, ManagerKey>()
  for (const [key, manager] of updaters) {
    if (count <= maxUpdaters) return
    const { apiVersion, time } = manager
    const first = firstOf.get(apiVersion)
    if (first === undefined) {
      firstOf.set(apiVersion, key)
      continue
    }
    const heap = { manager: ancientName, operation: "Update", apiVersion, subresource: "" } as const
    const heapKey = managerKey(heap)
    const before = managers.get(heapKey) ?? managers.get(first)!
    managers.delete(first)
    managers.delete(key)
    managers.set(heapKey, { ...heap, time, fields: union(before.fields, manager.fields) })
    count--
  }
}

export function dropEmpty(managers: Map<ManagerKey, Manager>): void {
  for (const [key, { fields }] of managers) if (isLeaf(fields)) managers.delete(key)
}
