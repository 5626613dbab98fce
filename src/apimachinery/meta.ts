import {
  always,
  bool,
  type Infer,
  field,
  fieldsV1,
  int64,
  list,
  mapOf,
  message,
  optional,
  string,
  time,
} from "./schema.ts"

// The metadata that every object carries (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/).

export const OwnerReference = message(
  "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference",
  {
    apiVersion: always(5, string, { required: true }),
    kind: always(1, string, { required: true }),
    name: always(3, string, { required: true }),
    uid: always(4, string, { required: true }),
    controller: optional(6, bool),
    blockOwnerDeletion: optional(7, bool),
  },
  { atomic: true },
)
export interface OwnerReference extends Infer<typeof OwnerReference> {}

export const ManagedFieldsEntry = message("io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry", {
  manager: field(1, string),
  operation: field(2, string),
  apiVersion: field(3, string),
  time: optional(4, time),
  fieldsType: field(6, string),
  fieldsV1: optional(7, fieldsV1),
  subresource: field(8, string),
})
export interface ManagedFieldsEntry extends Infer<typeof ManagedFieldsEntry> {}

/**
 * `name`, `uid`, `resourceVersion` and `creationTimestamp` are declared required for the type alone: every object that
 * came from the server has them. Requests may leave them out.
 */
export const ObjectMeta = message("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", {
  name: field(1, string),
  generateName: field(2, string),
  namespace: field(3, string),
  selfLink: field(4, string),
  uid: field(5, string),
  resourceVersion: field(6, string),
  generation: field(7, int64),
  creationTimestamp: field(8, time),
  deletionTimestamp: optional(9, time),
  deletionGracePeriodSeconds: optional(10, int64),
  labels: field(11, mapOf(string)),
  annotations: field(12, mapOf(string)),
  ownerReferences: field(13, list(OwnerReference, { keys: ["uid"] }), {
    patchStrategy: "merge",
    patchMergeKey: "uid",
  }),
  finalizers: field(14, list(string, { type: "set" }), { patchStrategy: "merge" }),
  managedFields: field(17, list(ManagedFieldsEntry)),
})

export const ShardInfo = message("io.k8s.apimachinery.pkg.apis.meta.v1.ShardInfo", {
  selector: always(1, string, { required: true }),
})

/** The metadata of a list. */
export const ListMeta = message("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta", {
  selfLink: field(1, string),
  resourceVersion: field(2, string),
  continue: field(3, string),
  remainingItemCount: optional(4, int64),
  shardInfo: optional(5, ShardInfo),
})
export interface ListMeta extends Infer<typeof ListMeta> {}

type InferredObjectMeta = Infer<typeof ObjectMeta>
/** As read from the server: identity is always set. `namespace` is "" or absent for cluster-scoped kinds. */
export interface ObjectMeta
  extends Omit<InferredObjectMeta, "name" | "uid" | "resourceVersion" | "creationTimestamp"> {
  name: string
  uid: string
  resourceVersion: string
  creationTimestamp: string
}

/** Any API object. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion: string
  kind: string
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number }
  items: T[]
}

/** An object's address within its resource. */
export interface ObjectKey {
  readonly namespace?: string | undefined
  readonly name: string
}

export function keyOf(object: { metadata: { namespace?: string | undefined; name: string } }): ObjectKey {
  const { namespace, name } = object.metadata
  return namespace ? { namespace, name } : { name }
}

/** "namespace/name", or "name" for cluster-scoped objects. */
export function formatKey(key: ObjectKey): string {
  return key.namespace ? `${key.namespace}/${key.name}` : key.name
}

export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf("/")
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
}

/** What a writer hands in: any part of the object may be missing; the server completes and judges it. */
export type Draft<T> = T extends (infer E)[]
  ? Draft<E>[]
  : T extends object
    ? { [K in keyof T]?: Draft<T[K]> | undefined }
    : T

export interface GroupVersion {
  readonly group: string
  readonly version: string
}
export interface GroupVersionKind extends GroupVersion {
  readonly kind: string
}
export interface GroupVersionResource extends GroupVersion {
  readonly resource: string
}

/** "v1" for the core group, otherwise "group/version". */
export function formatGroupVersion({ group, version }: GroupVersion): string {
  return group ? `${group}/${version}` : version
}

export function parseGroupVersion(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf("/")
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)
}
