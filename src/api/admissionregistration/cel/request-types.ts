import {
  boolType,
  type CelType,
  dynType,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  stringType,
  timestampType,
} from "../../../apimachinery/cel/types/cel-type.ts"

function objectType(name: string, fields: Readonly<Record<string, CelType>>): ObjectType {
  const declared = Object.entries(fields).map(([field, type]) => [field, { name: field, type }] as const)
  return { kind: "object", name: `kubernetes.${name}`, fields: new Map(declared) }
}

const kindType = objectType("GroupVersionKind", { group: stringType, version: stringType, kind: stringType })

const resourceType = objectType("GroupVersionResource", {
  group: stringType,
  version: stringType,
  resource: stringType,
})

const userInfoType = objectType("UserInfo", {
  username: stringType,
  uid: stringType,
  groups: listOf(stringType),
  extra: mapOf(stringType, listOf(stringType)),
})

/** The variable `request`: an AdmissionRequest without the objects, which are variables of their own. */
export const requestType = objectType("AdmissionRequest", {
  kind: kindType,
  resource: resourceType,
  subResource: stringType,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: userInfoType,
  dryRun: boolType,
  options: dynType,
})

const namespaceMetadataType = objectType("NamespaceMetadata", {
  name: stringType,
  generateName: stringType,
  namespace: stringType,
  labels: mapOf(stringType, stringType),
  annotations: mapOf(stringType, stringType),
  UID: stringType,
  creationTimestamp: timestampType,
  deletionGracePeriodSeconds: intType,
  deletionTimestamp: timestampType,
  generation: intType,
  resourceVersion: stringType,
  finalizers: listOf(stringType),
})

const namespaceConditionType = objectType("NamespaceCondition", {
  status: stringType,
  type: stringType,
  lastTransitionTime: timestampType,
  message: stringType,
  reason: stringType,
})

/** The variable `namespaceObject`. */
export const namespaceType = objectType("Namespace", {
  metadata: namespaceMetadataType,
  spec: objectType("NamespaceSpec", { finalizers: listOf(stringType) }),
  status: objectType("NamespaceStatus", { conditions: listOf(namespaceConditionType), phase: stringType }),
})
