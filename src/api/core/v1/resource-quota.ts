import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  enumeration,
  field,
  type Infer,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ResourceList } from "./resource-requirements.ts"

export const ResourceQuotaScope = enumeration(
  "BestEffort",
  "CrossNamespacePodAffinity",
  "NotBestEffort",
  "NotTerminating",
  "PriorityClass",
  "Terminating",
  "VolumeAttributesClass",
)
export type ResourceQuotaScope = Infer<typeof ResourceQuotaScope>

export const ScopeSelectorOperator = enumeration("DoesNotExist", "Exists", "In", "NotIn")
export type ScopeSelectorOperator = Infer<typeof ScopeSelectorOperator>

export const ScopedResourceSelectorRequirement = message(
  "io.k8s.api.core.v1.ScopedResourceSelectorRequirement",
  {
    scopeName: always(1, ResourceQuotaScope, { required: true }),
    operator: always(2, ScopeSelectorOperator, { required: true }),
    values: field(3, list(string)),
  },
)
export interface ScopedResourceSelectorRequirement extends Infer<typeof ScopedResourceSelectorRequirement> {}

export const ScopeSelector = message(
  "io.k8s.api.core.v1.ScopeSelector",
  {
    matchExpressions: field(1, list(ScopedResourceSelectorRequirement)),
  },
  { atomic: true },
)
export interface ScopeSelector extends Infer<typeof ScopeSelector> {}

export const ResourceQuotaSpec = message("io.k8s.api.core.v1.ResourceQuotaSpec", {
  hard: field(1, ResourceList),
  scopes: field(2, list(ResourceQuotaScope)),
  scopeSelector: optional(3, ScopeSelector),
})
export interface ResourceQuotaSpec extends Infer<typeof ResourceQuotaSpec> {}

export const ResourceQuotaStatus = message("io.k8s.api.core.v1.ResourceQuotaStatus", {
  hard: field(1, ResourceList),
  used: field(2, ResourceList),
})
export interface ResourceQuotaStatus extends Infer<typeof ResourceQuotaStatus> {}

export const ResourceQuotaSchema = message("io.k8s.api.core.v1.ResourceQuota", {
  ...objectFields,
  spec: always(2, ResourceQuotaSpec),
  status: always(3, ResourceQuotaStatus),
})
/** How much a namespace may use in all. */
export interface ResourceQuota extends Infer<typeof ResourceQuotaSchema> {}

export const ResourceQuota = resource<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  plural: "resourcequotas",
  namespaced: true,
  shortNames: ["quota"],
  hasStatus: true,
  columns: [
    nameColumn,
    column(
      "Request",
      "Request represents a minimum amount of cpu/memory that a container may consume.",
      (quota) => formatUsage(quota, (name) => !name.startsWith("limits.")),
    ),
    column(
      "Limit",
      "Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.",
      (quota) => formatUsage(quota, (name) => name.startsWith("limits.")),
    ),
    ageColumn,
  ],
  schema: ResourceQuotaSchema,
})

function formatUsage({ status }: ResourceQuota, isWanted: (name: string) => boolean): string {
  return Object.entries(status.hard ?? {})
    .filter(([name]) => isWanted(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status.used?.[name] ?? 0}/${hard}`)
    .join(", ")
}
