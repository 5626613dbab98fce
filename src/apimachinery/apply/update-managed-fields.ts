import { jsonEqual } from "../json-equal.ts"
import type { ManagedFieldsEntry } from "../meta.ts"
import { zeroOf } from "../scalars.ts"
import type { ObjectSchema } from "../schema.ts"
import { type JsonRecord, objectPlan } from "../schema-plan.ts"
import { formatTime } from "../time.ts"
import { type Changes, compare } from "./compare.ts"
import { difference, emptySet, type FieldSet, isLeaf, recursiveDifference, union } from "./field-set.ts"
import { fieldsOfNew } from "./fields-of-new.ts"
import {
  capUpdaters,
  dropEmpty,
  encodeManager,
  encodeManagers,
  type Manager,
  managerKey,
  type ManagerKey,
  managersBefore,
  stripMetadata,
  withFields,
  withoutManagedFields,
} from "./managers.ts"

/** What both server-side apply and plain updates need to know of the object's kind. */
export interface ManagedKind {
  readonly schema: ObjectSchema
  /** The version in which the objects are given: "apps/v1". */
  readonly apiVersion: string
  /** Fields that writes of this kind, or of this subresource, leave alone: nobody gets to own them by it. */
  readonly resetFields?: FieldSet | undefined
  /**
   * The same two states in another version, in which some manager's fields are named. Undefined if that version is not
   * served any more: its managers are forgotten. Without this function no other version is known.
   */
  readonly inVersion?: (
    apiVersion: string,
    object: JsonRecord,
  ) => { schema: ObjectSchema; object: JsonRecord } | undefined
}

export interface UpdateRequest extends ManagedKind {
  /** The stored object; absent on create. Canonical, as is `updated`. */
  readonly live?: JsonRecord | undefined
  /** The object as it shall be stored, with the managedFields that the client sent. */
  readonly updated: JsonRecord
  /** The fieldManager of the request, or what its user agent gives. */
  readonly manager: string
  /** "status", "scale"; "" for the object itself. */
  readonly subresource?: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The managedFields of an object after a create, an update or a patch other than apply
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/): whoever changed a field owns it now, and nobody else.
 * Gives the very list of the live object where nothing changed hands.
 */
export function updateManagedFields(request: UpdateRequest): readonly ManagedFieldsEntry[] | undefined {
  const { live, updated, apiVersion, subresource = "" } = request
  const current = (live as LiveObject | undefined)?.metadata?.managedFields
  if (!live && (updated as LiveObject).metadata?.managedFields === undefined) return managersOfNew(request)
  const changes = changesOf(request)
  const isOwnVersion = current?.every((entry) => entry.apiVersion === apiVersion)
  if (!changes && isOwnVersion && wantsManagers(updated, current, subresource)) return current
  const managers = managersBefore(live, updated, subresource !== "")
  // Objects from before managers were tracked stay without until somebody applies.
  if (managers.size === 0 && live) return undefined
  const isMoved = trackUpdate(request, managers, changes)
  return isMoved || !isSameManagers(managers, current) ? encodeManagers(managers) : current
}

/** The one who creates an object owns what it says. */
function managersOfNew(request: UpdateRequest): readonly ManagedFieldsEntry[] | undefined {
  const { manager, apiVersion, subresource = "", now } = request
  const fields = ownedOfNew(request)
  if (!fields) return undefined
  const time = formatTime(now)
  const operation = "Update"
  return [encodeManager({ manager: manager || "unknown", operation, apiVersion, subresource, time, fields })]
}

const zeros = new WeakMap<object, JsonRecord>()
const everything: FieldSet = {}
const owned = new WeakMap<FieldSet, WeakMap<FieldSet, FieldSet>>()

/** Of the fields of a new object those that may be somebody's; sets that come again are looked up. */
function ownedOfNew({ schema, updated, resetFields }: UpdateRequest): FieldSet | undefined {
  const plan = objectPlan(schema)
  let zero = zeros.get(plan)
  if (!zero) zeros.set(plan, (zero = zeroOf(plan) as JsonRecord))
  const fields = fieldsOfNew(plan, zero, updated)
  if (!fields) return undefined
  let known = owned.get(resetFields ?? everything)
  if (!known) owned.set(resetFields ?? everything, (known = new WeakMap<FieldSet, FieldSet>()))
  let kept = known.get(fields)
  if (!kept)
    known.set(fields, (kept = stripMetadata(resetFields ? recursiveDifference(fields, resetFields) : fields)))
  return isLeaf(kept) ? undefined : kept
}

/** Whether the client means to leave the managers as they are. */
function wantsManagers(
  updated: LiveObject,
  current: readonly ManagedFieldsEntry[] | undefined,
  subresource: string,
): boolean {
  return subresource !== "" || jsonEqual(updated.metadata?.managedFields, current)
}

interface LiveObject {
  readonly metadata?: { readonly managedFields?: readonly ManagedFieldsEntry[] }
}

function isSameManagers(
  managers: ReadonlyMap<ManagerKey, Manager>,
  entries: readonly ManagedFieldsEntry[] | undefined,
): boolean {
  if (managers.size !== (entries?.length ?? 0)) return false
  const written = new Set([...managers.values()].map((manager) => manager.entry))
  return entries?.every((entry) => written.has(entry)) ?? true
}

/** What the request changes, in its own version, of what may belong to anybody. */
export function changesOf({ schema, live, updated, resetFields }: UpdateRequest): Changes | undefined {
  const plan = objectPlan(schema)
  const before = live ? withoutManagedFields(live) : zeroOf(plan)
  return withoutMetadata(filterChanges(compare(plan, before, withoutManagedFields(updated)), resetFields))
}

/** Moves ownership in `managers`; says whether anything moved. */
export function trackUpdate(
  request: UpdateRequest,
  managers: Map<ManagerKey, Manager>,
  changes: Changes | undefined,
): boolean {
  const { schema, apiVersion, live, updated, subresource = "", now } = request
  if (!changes && ![...managers.values()].some((manager) => manager.apiVersion !== apiVersion)) return false
  const before = live ? withoutManagedFields(live) : (zeroOf(objectPlan(schema)) as JsonRecord)
  const after = withoutManagedFields(updated)
  takeFromOthers(request, managers, { before, after, changes })
  if (changes?.set) {
    const name = request.manager || "unknown"
    const id = { manager: name, operation: "Update", apiVersion, subresource } as const
    const key = managerKey(id)
    const previous = managers.get(key) ?? { ...id, time: undefined, fields: emptySet }
    managers.set(key, withFields(previous, union(previous.fields, changes.set), now))
  }
  dropEmpty(managers)
  capUpdaters(managers)
  return true
}

export function filterChanges(
  changes: Changes | undefined,
  resetFields: FieldSet | undefined,
): Changes | undefined {
  return resetFields ? mapChanges(changes, (fields) => recursiveDifference(fields, resetFields)) : changes
}

/** Most writes touch metadata that is nobody's, and many touch nothing else. */
function withoutMetadata(changes: Changes | undefined): Changes | undefined {
  return mapChanges(changes, stripMetadata)
}

function mapChanges(changes: Changes | undefined, map: (fields: FieldSet) => FieldSet): Changes | undefined {
  const mapped = (fields: FieldSet | undefined) => {
    const result = fields && map(fields)
    return result && !isLeaf(result) ? result : undefined
  }
  const set = mapped(changes?.set)
  const removed = mapped(changes?.removed)
  return set || removed ? { set, removed } : undefined
}

export interface Step {
  readonly before: JsonRecord
  readonly after: JsonRecord
  /** In the request's version. */
  readonly changes: Changes | undefined
}

/** Calls `visit` with what the step changed in the version in which each manager names its fields. */
export function forEachManager(
  kind: ManagedKind,
  managers: Map<ManagerKey, Manager>,
  step: Step,
  visit: (key: ManagerKey, manager: Manager, changes: Changes | undefined) => void,
): void {
  const inVersion = new Map<string, { changes: Changes | undefined } | undefined>([
    [kind.apiVersion, { changes: step.changes }],
  ])
  for (const [key, manager] of managers) {
    const { apiVersion } = manager
    if (!inVersion.has(apiVersion)) inVersion.set(apiVersion, changesInVersion(kind, apiVersion, step))
    const found = inVersion.get(apiVersion)
    if (found) visit(key, manager, found.changes)
    else managers.delete(key)
  }
}

function changesInVersion(
  kind: ManagedKind,
  apiVersion: string,
  { before, after }: Step,
): { changes: Changes | undefined } | undefined {
  const old = kind.inVersion?.(apiVersion, before)
  const current = kind.inVersion?.(apiVersion, after)
  if (!old || !current) return undefined
  return { changes: compare(objectPlan(current.schema), old.object, current.object) }
}

/** What changed belongs to nobody but the one who changed it; what is gone belongs to nobody. */
function takeFromOthers(kind: ManagedKind, managers: Map<ManagerKey, Manager>, step: Step): void {
  forEachManager(kind, managers, step, (key, manager, changes) => {
    managers.set(key, withFields(manager, withoutChanges(manager.fields, changes)))
  })
}

export function withoutChanges(fields: FieldSet, changes: Changes | undefined): FieldSet {
  const kept = changes?.set ? difference(fields, changes.set) : fields
  return changes?.removed ? difference(kept, changes.removed) : kept
}
