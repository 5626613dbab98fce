import { always, field, type Infer, message, optional, string } from "../../../apimachinery/schema.ts"

// The ways in which one object names another.

export const LocalObjectReference = message(
  "io.k8s.api.core.v1.LocalObjectReference",
  {
    name: field(1, string),
  },
  { atomic: true },
)
export interface LocalObjectReference extends Infer<typeof LocalObjectReference> {}

export const TypedLocalObjectReference = message(
  "io.k8s.api.core.v1.TypedLocalObjectReference",
  {
    apiGroup: optional(1, string, { writtenAsNull: true }),
    kind: always(2, string, { required: true }),
    name: always(3, string, { required: true }),
  },
  { atomic: true },
)
export interface TypedLocalObjectReference extends Infer<typeof TypedLocalObjectReference> {}

export const TypedObjectReference = message("io.k8s.api.core.v1.TypedObjectReference", {
  apiGroup: optional(1, string, { writtenAsNull: true }),
  kind: always(2, string, { required: true }),
  name: always(3, string, { required: true }),
  namespace: optional(4, string),
})
export interface TypedObjectReference extends Infer<typeof TypedObjectReference> {}

export const ObjectReference = message(
  "io.k8s.api.core.v1.ObjectReference",
  {
    kind: field(1, string),
    namespace: field(2, string),
    name: field(3, string),
    uid: field(4, string),
    apiVersion: field(5, string),
    resourceVersion: field(6, string),
    fieldPath: field(7, string),
  },
  { atomic: true },
)
export interface ObjectReference extends Infer<typeof ObjectReference> {}

export const SecretReference = message(
  "io.k8s.api.core.v1.SecretReference",
  {
    name: field(1, string),
    namespace: field(2, string),
  },
  { atomic: true },
)
export interface SecretReference extends Infer<typeof SecretReference> {}
