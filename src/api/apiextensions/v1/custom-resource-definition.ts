import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  bytes,
  field,
  type Infer,
  int32,
  int64,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { JSONSchemaProps } from "./json-schema-props.ts"

export const CustomResourceDefinitionNames = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionNames",
  {
    plural: always(1, string, { required: true }),
    singular: field(2, string),
    shortNames: field(3, list(string)),
    kind: always(4, string, { required: true }),
    listKind: field(5, string),
    categories: field(6, list(string)),
  },
  { applyDefaults: (names) => defaultNames(names) },
)
export interface CustomResourceDefinitionNames extends Infer<typeof CustomResourceDefinitionNames> {}

export const CustomResourceValidation = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceValidation",
  {
    openAPIV3Schema: optional(1, JSONSchemaProps),
  },
)
export interface CustomResourceValidation extends Infer<typeof CustomResourceValidation> {}

export const CustomResourceSubresourceStatus = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus",
  {},
)
export interface CustomResourceSubresourceStatus extends Infer<typeof CustomResourceSubresourceStatus> {}

export const CustomResourceSubresourceScale = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceScale",
  {
    specReplicasPath: always(1, string, { required: true }),
    statusReplicasPath: always(2, string, { required: true }),
    labelSelectorPath: optional(3, string),
  },
)
export interface CustomResourceSubresourceScale extends Infer<typeof CustomResourceSubresourceScale> {}

export const CustomResourceSubresources = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresources",
  {
    status: optional(1, CustomResourceSubresourceStatus),
    scale: optional(2, CustomResourceSubresourceScale),
  },
)
export interface CustomResourceSubresources extends Infer<typeof CustomResourceSubresources> {}

export const CustomResourceColumnDefinition = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceColumnDefinition",
  {
    name: always(1, string, { required: true }),
    type: always(2, string, { required: true }),
    format: field(3, string),
    description: field(4, string),
    priority: field(5, int32),
    jsonPath: always(6, string, { required: true }),
  },
)
export interface CustomResourceColumnDefinition extends Infer<typeof CustomResourceColumnDefinition> {}

export const SelectableField = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.SelectableField",
  {
    jsonPath: always(1, string, { required: true }),
  },
)
export interface SelectableField extends Infer<typeof SelectableField> {}

export const CustomResourceDefinitionVersion = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion",
  {
    name: always(1, string, { required: true }),
    served: always(2, bool, { required: true }),
    storage: always(3, bool, { required: true }),
    deprecated: field(7, bool),
    deprecationWarning: optional(8, string),
    schema: optional(4, CustomResourceValidation),
    subresources: optional(5, CustomResourceSubresources),
    additionalPrinterColumns: field(6, list(CustomResourceColumnDefinition)),
    selectableFields: field(9, list(SelectableField)),
  },
)
export interface CustomResourceDefinitionVersion extends Infer<typeof CustomResourceDefinitionVersion> {}

export const ServiceReference = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ServiceReference",
  {
    namespace: always(1, string, { required: true }),
    name: always(2, string, { required: true }),
    path: optional(3, string),
    port: optional(4, int32, { default: 443 }),
  },
)
export interface ServiceReference extends Infer<typeof ServiceReference> {}

export const WebhookClientConfig = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookClientConfig",
  {
    url: optional(3, string),
    service: optional(1, ServiceReference),
    caBundle: field(2, bytes),
  },
)
export interface WebhookClientConfig extends Infer<typeof WebhookClientConfig> {}

export const WebhookConversion = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.WebhookConversion",
  {
    clientConfig: optional(2, WebhookClientConfig),
    conversionReviewVersions: always(3, list(string), { required: true }),
  },
)
export interface WebhookConversion extends Infer<typeof WebhookConversion> {}

export const CustomResourceConversion = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceConversion",
  {
    strategy: always(1, string, { required: true }),
    webhook: optional(2, WebhookConversion),
  },
)
export interface CustomResourceConversion extends Infer<typeof CustomResourceConversion> {}

export const CustomResourceDefinitionSpec = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec",
  {
    group: always(1, string, { required: true }),
    names: always(3, CustomResourceDefinitionNames, { required: true }),
    scope: always(4, string, { required: true }),
    versions: always(7, list(CustomResourceDefinitionVersion), { required: true }),
    conversion: optional(9, CustomResourceConversion, { default: { strategy: "None" } }),
    preserveUnknownFields: field(10, bool),
  },
)
export interface CustomResourceDefinitionSpec extends Infer<typeof CustomResourceDefinitionSpec> {}

export const CustomResourceDefinitionCondition = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionCondition",
  {
    type: always(1, string, { required: true }),
    status: always(2, string, { required: true }),
    lastTransitionTime: always(3, time),
    reason: field(4, string),
    message: field(5, string),
    observedGeneration: field(6, int64),
  },
)
export interface CustomResourceDefinitionCondition extends Infer<typeof CustomResourceDefinitionCondition> {}

export const CustomResourceDefinitionStatus = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionStatus",
  {
    conditions: always(1, list(CustomResourceDefinitionCondition, { keys: ["type"] })),
    acceptedNames: always(2, CustomResourceDefinitionNames),
    storedVersions: always(3, list(string)),
    observedGeneration: field(4, int64),
  },
)
export interface CustomResourceDefinitionStatus extends Infer<typeof CustomResourceDefinitionStatus> {}

export const CustomResourceDefinitionSchema = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
  {
    ...objectFields,
    spec: always(2, CustomResourceDefinitionSpec, { required: true }),
    status: always(3, CustomResourceDefinitionStatus),
  },
  { applyDefaults: (definition) => defaultCustomResourceDefinition(definition) },
)
/** A kind that a user adds to the API. */
export interface CustomResourceDefinition extends Infer<typeof CustomResourceDefinitionSchema> {}

export const CustomResourceDefinition = resource<CustomResourceDefinition>({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  hasStatus: true,
  storagePrefix: "apiextensions.k8s.io/customresourcedefinitions",
  columns: defaultColumns,
  schema: CustomResourceDefinitionSchema,
})

function defaultNames(names: CustomResourceDefinitionNames): void {
  if (!names.kind) return
  names.singular ||= names.kind.toLowerCase()
  names.listKind ||= `${names.kind}List`
}

function defaultCustomResourceDefinition(definition: CustomResourceDefinition): void {
  const stored = definition.spec.versions?.find((version) => version.storage)
  if (!stored || definition.status?.storedVersions?.length) return
  definition.status = { ...definition.status, storedVersions: [stored.name] }
}
