import { type FieldSet, fieldSet } from "../../apimachinery/apply/field-set.ts"
import { type ManagedKind, updateManagedFields } from "../../apimachinery/apply/update-managed-fields.ts"
import { formatGroupVersion, type KubeObject, type ManagedFieldsEntry } from "../../apimachinery/meta.ts"
import type { ObjectSchema } from "../../apimachinery/schema.ts"
import type { JsonRecord } from "../../apimachinery/schema-plan.ts"
import { headerOf } from "../http/request.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { ManagedView, View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { type Convert, withConversions } from "./conversions.ts"
import { managerOf, type WriteOptions } from "./write-options.ts"

/** Writes into `updated` who owns which of its fields after this write. In the served version. */
export async function trackOwnership(
  request: ResourceRequest,
  view: View,
  options: WriteOptions,
  live: KubeObject | undefined,
  updated: Mutable,
): Promise<void> {
  if (view.managed && live) return trackInView(request, view, view.managed, options, live, updated)
  const { context } = request
  const entries = await withConversions(request, (convert) =>
    updateManagedFields({
      ...managedKind(request, view, convert),
      live: live as unknown as JsonRecord | undefined,
      updated,
      manager: managerOf(options, headerOf(context.request.headers, "user-agent")),
      subresource: view.subresource,
      now: context.server.clock.now(),
    }),
  )
  // An object of before anybody was tracked stays without until somebody applies.
  if (entries && entries.length > 0) updated.metadata.managedFields = entries as ManagedFieldsEntry[]
  else delete updated.metadata.managedFields
}

/** Through a view whose objects have owners of their own: told of those first, and then of the whole object. */
function trackInView(
  request: ResourceRequest,
  view: View,
  managed: ManagedView,
  options: WriteOptions,
  live: KubeObject,
  updated: Mutable,
): void {
  const { context } = request
  const before = managed.show(live)
  const { managedFields } = before.metadata
  const after = managed.show(updated)
  const entries = updateManagedFields({
    ...managed.kind(managedKind(request, view, undefined)),
    live: before as unknown as JsonRecord,
    updated: { ...after, metadata: { ...after.metadata, managedFields } },
    manager: managerOf(options, headerOf(context.request.headers, "user-agent")),
    subresource: view.subresource,
    now: context.server.clock.now(),
  })
  const owned = { ...after, metadata: { ...after.metadata, managedFields: entries } } as unknown as Mutable
  const taken = managed.take(live, owned).metadata.managedFields
  if (taken) updated.metadata.managedFields = taken
  else delete updated.metadata.managedFields
}

const managedKinds = new WeakMap<ServedResource, Map<string, ManagedKind>>()

/** What ownership needs to know of the object's kind and of the path it is written through. */
export function managedKind(request: ResourceRequest, view: View, convert: Convert | undefined): ManagedKind {
  // What a webhook converts belongs to the request.
  if (convert) return newManagedKind(request, view, convert)
  const { served } = request
  let bySubresource = managedKinds.get(served)
  if (!bySubresource) managedKinds.set(served, (bySubresource = new Map<string, ManagedKind>()))
  let kind = bySubresource.get(view.subresource)
  if (!kind) bySubresource.set(view.subresource, (kind = newManagedKind(request, view, undefined)))
  return kind
}

function newManagedKind(
  { context, served }: ResourceRequest,
  view: View,
  convert: Convert | undefined,
): ManagedKind {
  const { resource } = served
  const { resources } = context.server
  return {
    schema: resource.schema,
    apiVersion: formatGroupVersion(resource),
    resetFields: resetFields(served, view),
    inVersion(apiVersion, object) {
      const other = resources.all().find((each) => isVersionOf(each, served, apiVersion))
      if (!other) return undefined
      const own = object as unknown as KubeObject
      const converted = convert ? convert(apiVersion, own) : other.fromStorage(served.toStorage(own))
      return { schema: other.resource.schema, object: converted as unknown as JsonRecord }
    },
  }
}

function isVersionOf(other: ServedResource, served: ServedResource, apiVersion: string): boolean {
  return other.registry === served.registry && formatGroupVersion(other.resource) === apiVersion
}

const known = new WeakMap<ObjectSchema, Map<string, FieldSet | undefined>>()

/** Fields that a write through this path leaves alone, so that nobody gets to own them by it. */
function resetFields({ resource, isCustom }: ServedResource, { subresource }: View): FieldSet | undefined {
  let bySubresource = known.get(resource.schema)
  if (!bySubresource) known.set(resource.schema, (bySubresource = new Map<string, FieldSet | undefined>()))
  if (!bySubresource.has(subresource))
    bySubresource.set(subresource, computeResetFields(resource, subresource, isCustom))
  return bySubresource.get(subresource)
}

const typeAndMetadata = new Set(["apiVersion", "kind", "metadata"])

function computeResetFields(
  { schema, hasStatus, kind }: ServedResource["resource"],
  subresource: string,
  isCustom: boolean,
): FieldSet | undefined {
  if (kind === "CertificateSigningRequest" && subresource === "") return fieldSet(["spec"], ["status"])
  if (subresource === "") return hasStatus && kind !== "Node" ? fieldSet(["status"]) : undefined
  if (subresource !== "status") return undefined
  if (isCustom) return fieldSet(["metadata"], ["spec"])
  const others = Object.keys(schema.fields).filter((name) => name !== "status" && !typeAndMetadata.has(name))
  const metadata =
    kind === "Pod"
      ? [
          ["metadata", "deletionTimestamp"],
          ["metadata", "ownerReferences"],
        ]
      : []
  return fieldSet(...others.map((name) => [name]), ...metadata)
}
