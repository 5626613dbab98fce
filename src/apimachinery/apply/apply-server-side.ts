import { type GroupVersionKind, formatGroupVersion } from "../meta.ts"
import { jsonEqual } from "../json-equal.ts"
import { zeroOf } from "../scalars.ts"
import { isRecord, type JsonRecord, objectPlan } from "../schema-plan.ts"
import { StatusError } from "../status-error.ts"
import { badRequest } from "../status-errors.ts"
import { DecodeError, decodeObject } from "../structural.ts"
import { compare } from "./compare.ts"
import { type Conflict, conflictError } from "./conflicts.ts"
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  isLeaf,
  recursiveDifference,
} from "./field-set.ts"
import { fieldsOfLastApplied, withLastApplied } from "./last-applied.ts"
import {
  decodeManagers,
  dropEmpty,
  encodeManagers,
  type Manager,
  managerKey,
  type ManagerKey,
  stripMetadata,
  withFields,
  withManagedFields,
  type WithManagedFields,
  withoutManagedFields,
} from "./managers.ts"
import { mergeApplied } from "./merge-applied.ts"
import { pruneApplied } from "./prune-applied.ts"
import { toFieldSet } from "./to-field-set.ts"
import {
  changesOf,
  filterChanges,
  forEachManager,
  type ManagedKind,
  trackUpdate,
  withoutChanges,
} from "./update-managed-fields.ts"
import { describeFaults } from "./validate-applied.ts"

export interface ApplyRequest extends Omit<ManagedKind, "apiVersion"> {
  readonly kind: GroupVersionKind
  /** The stored object, canonical; absent if the apply creates it. */
  readonly live?: JsonRecord | undefined
  /** The configuration as the client sent it. */
  readonly applied: unknown
  readonly manager: string
  /** Takes over fields that others manage. */
  readonly force: boolean
  readonly subresource?: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/): the configuration says all that its
 * manager has an opinion about. What it names takes its values and becomes the manager's; what it named last time and does
 * not name now is removed unless others manage it; what others manage with another value is a conflict.
 *
 * Gives the object with its managedFields, decoded and not yet defaulted. The live object's own value comes back if neither
 * it nor its managers change.
 *
 * @throws StatusError 409 with one cause per conflict; 400 and 500 as upstream for configurations that are none
 */
export function applyServerSide(request: ApplyRequest): JsonRecord {
  const applied = checkApplied(request)
  const { schema, resetFields, inVersion } = request
  const kind: ManagedKind = {
    schema,
    apiVersion: formatGroupVersion(request.kind),
    resetFields,
    ...(inVersion && { inVersion }),
  }
  const plan = objectPlan(request.schema)
  const live = request.live ? withoutManagedFields(request.live) : (zeroOf(plan) as JsonRecord)
  const managers = managersOf(request, kind)
  const result = applyTo(request, kind, live, applied, managers)
  const object = request.manager === "kubectl" ? withLastApplied(result, applied) : result
  const decoded = withManagedFields(decode(request, object), encodeManagers(managers))
  return request.live && jsonEqual(decoded, request.live) ? request.live : decoded
}

/** Types are right by now, but not every text is a time or a quantity. */
function decode({ schema, kind }: ApplyRequest, object: JsonRecord): JsonRecord {
  try {
    return decodeObject(schema, object)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const gvk = formatKind(formatGroupVersion(kind), kind.kind)
    const { namespace, name } = (object["metadata"] ?? {}) as JsonRecord
    const which = `${textOf(namespace)}/${textOf(name)}; ${gvk}`
    const why = `unable to convert unstructured object to ${gvk}: ${error.message}`
    throw new StatusError("Unknown", `failed to convert new object (${which}) to proper version: ${why}`, {
      code: 500,
      cause: error,
    })
  }
}

function checkApplied({ kind, applied, schema }: ApplyRequest): JsonRecord {
  if (!isRecord(applied))
    throw badRequest(
      "error decoding YAML: json: cannot unmarshal into Go value of type map[string]interface {}",
    )
  const { apiVersion, kind: given, metadata } = applied
  if (given !== kind.kind || apiVersion !== formatGroupVersion(kind)) {
    // Of a version that is none, upstream knows neither version nor kind.
    const isVersion = textOf(apiVersion).split("/").length <= 2
    throw badRequest(`invalid object type: ${isVersion ? formatKind(apiVersion, given) : "/, Kind="}`)
  }
  const meta = isRecord(metadata) ? metadata : {}
  if (meta["managedFields"] !== undefined && meta["managedFields"] !== null) {
    throw badRequest("metadata.managedFields must be nil")
  }
  const faults = describeFaults(objectPlan(schema), applied)
  if (faults === undefined) return applied
  const object = `${textOf(meta["namespace"])}/${textOf(meta["name"])}; ${formatKind(apiVersion, given)}`
  throw new StatusError("Unknown", `failed to create typed patch object (${object}): ${faults}`, {
    code: 500,
  })
}

/** As Go prints a GroupVersionKind: "apps/v1, Kind=Deployment", "/v1, Kind=Pod". */
function formatKind(apiVersion: unknown, kind: unknown): string {
  const version = textOf(apiVersion)
  return `${version.includes("/") ? version : `/${version}`}, Kind=${textOf(kind)}`
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : ""
}

/** The live object's managers. All that stood there before anyone was tracked belongs to one of its own. */
function managersOf(request: ApplyRequest, kind: ManagedKind): Map<ManagerKey, Manager> {
  const managers = decodeManagers((request.live as WithManagedFields | undefined)?.metadata?.managedFields)
  if (managers.size === 0 && request.live) {
    const { now, subresource = "" } = request
    const first = { ...kind, updated: request.live, manager: "before-first-apply", subresource, now }
    trackUpdate(first, managers, changesOf(first))
  }
  return managers
}

/** Changes `managers`; gives the object. */
function applyTo(
  request: ApplyRequest,
  kind: ManagedKind,
  live: JsonRecord,
  applied: JsonRecord,
  managers: Map<ManagerKey, Manager>,
): JsonRecord {
  const { manager: name, subresource = "", now, force } = request
  const plan = objectPlan(kind.schema)
  const id = {
    manager: name || "unknown",
    operation: "Apply",
    apiVersion: kind.apiVersion,
    subresource,
  } as const
  const key = managerKey(id)
  const before = managers.get(key)
  const fields = withoutReset(toFieldSet(plan, applied), kind.resetFields)
  managers.delete(key)

  const others = [...managers.values()].map((manager) => manager.fields)
  const merged = mergeApplied(plan, live, applied)
  const after = before ? pruneApplied(plan, merged, before.fields, fields, others) : merged
  const changes = filterChanges(compare(plan, live, after), kind.resetFields)

  const conflicts: Conflict[] = []
  forEachManager(kind, managers, { before: live, after, changes }, (otherKey, manager, theirs) => {
    const lost = theirs?.set ? intersection(manager.fields, theirs.set) : emptySet
    if (!isLeaf(lost)) conflicts.push({ manager, fields: lost })
    managers.set(otherKey, withFields(manager, withoutChanges(manager.fields, theirs)))
  })
  if (!force) refuse(conflicts, request, kind)

  // An apply that changes nothing is no event in its manager's life.
  const isChanged = !jsonEqual(live, after)
  const current = { ...id, time: before?.time, fields: stripMetadata(fields) }
  managers.set(key, withFields(current, current.fields, isChanged ? now : undefined))
  dropEmpty(managers)
  return isChanged ? after : live
}

function withoutReset(fields: FieldSet, resetFields: FieldSet | undefined): FieldSet {
  return resetFields ? recursiveDifference(fields, resetFields) : fields
}

/** Throws unless there are no conflicts, or kubectl only meets what it applied itself from the client's side. */
function refuse(conflicts: readonly Conflict[], request: ApplyRequest, kind: ManagedKind): void {
  if (conflicts.length === 0) return
  const allowed =
    request.manager === "kubectl" && request.live ? fieldsOfLastApplied(kind, request.live) : emptySet
  const serious = conflicts
    .map(({ manager, fields }) => ({ manager, fields: difference(fields, allowed) }))
    .filter(({ fields }) => !isLeaf(fields))
  if (serious.length > 0) throw conflictError(serious)
}
