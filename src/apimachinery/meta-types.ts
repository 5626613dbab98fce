import { ListMeta, ObjectMeta } from "./meta.ts"
import {
  always,
  bool,
  field,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  rawExtension,
  string,
  type TypedField,
} from "./schema.ts"

/**
 * The kinds of `meta/v1` that every group serves: answers that are no objects of a resource, options of requests,
 * discovery. In protobuf apiVersion and kind travel in the envelope, so they have no number.
 */
const typeField: TypedField<string, true> = { schema: string, presence: "implicit" }
const typeFields = { kind: typeField, apiVersion: typeField }
const name = (kind: string) => `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`

export const StatusCauseSchema = message(name("StatusCause"), {
  reason: field(1, string),
  message: field(2, string),
  field: field(3, string),
})

export const StatusDetailsSchema = message(name("StatusDetails"), {
  name: field(1, string),
  group: field(2, string),
  kind: field(3, string),
  uid: field(6, string),
  causes: field(4, list(StatusCauseSchema)),
  retryAfterSeconds: field(5, int32),
})

/** The `Status` of status-error.ts as it travels. */
export const StatusSchema = message(name("Status"), {
  ...typeFields,
  metadata: always(1, ListMeta),
  status: field(2, string),
  message: field(3, string),
  reason: field(4, string),
  details: optional(5, StatusDetailsSchema),
  code: field(6, int32),
})

export const CreateOptions = message(name("CreateOptions"), {
  ...typeFields,
  dryRun: field(1, list(string)),
  fieldManager: field(3, string),
  fieldValidation: field(4, string),
})
export interface CreateOptions extends Infer<typeof CreateOptions> {}

export const UpdateOptions = message(name("UpdateOptions"), {
  ...typeFields,
  dryRun: field(1, list(string)),
  fieldManager: field(2, string),
  fieldValidation: field(3, string),
})
export interface UpdateOptions extends Infer<typeof UpdateOptions> {}

export const PatchOptions = message(name("PatchOptions"), {
  ...typeFields,
  dryRun: field(1, list(string)),
  force: optional(2, bool),
  fieldManager: field(3, string),
  fieldValidation: field(4, string),
})
export interface PatchOptions extends Infer<typeof PatchOptions> {}

export const GetOptions = message(name("GetOptions"), { ...typeFields, resourceVersion: field(1, string) })
export interface GetOptions extends Infer<typeof GetOptions> {}

export const ListOptions = message(name("ListOptions"), {
  ...typeFields,
  labelSelector: field(1, string),
  fieldSelector: field(2, string),
  watch: field(3, bool),
  allowWatchBookmarks: field(9, bool),
  resourceVersion: field(4, string),
  resourceVersionMatch: field(10, string),
  timeoutSeconds: optional(5, int64),
  limit: field(7, int64),
  continue: field(8, string),
  sendInitialEvents: optional(11, bool),
  shardSelector: field(15, string),
})
export interface ListOptions extends Infer<typeof ListOptions> {}

export const WatchEventSchema = message(name("WatchEvent"), {
  type: always(1, string, { required: true }),
  object: always(2, rawExtension, { required: true }),
})

export const PartialObjectMetadata = message(name("PartialObjectMetadata"), {
  ...typeFields,
  metadata: always(1, ObjectMeta),
})
export interface PartialObjectMetadata extends Infer<typeof PartialObjectMetadata> {}

export const PartialObjectMetadataList = message(name("PartialObjectMetadataList"), {
  ...typeFields,
  metadata: always(1, ListMeta),
  items: always(2, list(PartialObjectMetadata)),
})
export interface PartialObjectMetadataList extends Infer<typeof PartialObjectMetadataList> {}

export const GroupVersionForDiscovery = message(name("GroupVersionForDiscovery"), {
  groupVersion: always(1, string, { required: true }),
  version: always(2, string, { required: true }),
})

export const ServerAddressByClientCIDR = message(name("ServerAddressByClientCIDR"), {
  clientCIDR: always(1, string, { required: true }),
  serverAddress: always(2, string, { required: true }),
})

export const APIVersions = message(name("APIVersions"), {
  ...typeFields,
  versions: always(1, list(string), { required: true }),
  serverAddressByClientCIDRs: always(2, list(ServerAddressByClientCIDR), { required: true }),
})
export interface APIVersions extends Infer<typeof APIVersions> {}

export const APIGroup = message(name("APIGroup"), {
  ...typeFields,
  name: always(1, string, { required: true }),
  versions: always(2, list(GroupVersionForDiscovery), { required: true }),
  preferredVersion: always(3, GroupVersionForDiscovery),
  serverAddressByClientCIDRs: field(4, list(ServerAddressByClientCIDR)),
})
export interface APIGroup extends Infer<typeof APIGroup> {}

export const APIGroupList = message(name("APIGroupList"), {
  ...typeFields,
  groups: always(1, list(APIGroup), { required: true }),
})
export interface APIGroupList extends Infer<typeof APIGroupList> {}

export const APIResource = message(name("APIResource"), {
  name: always(1, string, { required: true }),
  singularName: always(6, string, { required: true }),
  namespaced: always(2, bool, { required: true }),
  group: field(8, string),
  version: field(9, string),
  kind: always(3, string, { required: true }),
  verbs: always(4, list(string, { wrapperField: 1 }), { required: true }),
  shortNames: field(5, list(string)),
  categories: field(7, list(string)),
  storageVersionHash: field(10, string),
})
export interface APIResource extends Infer<typeof APIResource> {}

export const APIResourceList = message(name("APIResourceList"), {
  ...typeFields,
  groupVersion: always(1, string, { required: true }),
  resources: always(2, list(APIResource), { required: true }),
})
export interface APIResourceList extends Infer<typeof APIResourceList> {}
