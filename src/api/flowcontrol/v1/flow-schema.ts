import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const PriorityLevelConfigurationReference = message(
  "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationReference",
  {
    name: always(1, string, { required: true }),
  },
)
export interface PriorityLevelConfigurationReference
  extends Infer<typeof PriorityLevelConfigurationReference> {}

export const FlowDistinguisherMethod = message("io.k8s.api.flowcontrol.v1.FlowDistinguisherMethod", {
  type: always(1, string, { required: true }),
})
export interface FlowDistinguisherMethod extends Infer<typeof FlowDistinguisherMethod> {}

export const UserSubject = message("io.k8s.api.flowcontrol.v1.UserSubject", {
  name: always(1, string, { required: true }),
})
export interface UserSubject extends Infer<typeof UserSubject> {}

export const GroupSubject = message("io.k8s.api.flowcontrol.v1.GroupSubject", {
  name: always(1, string, { required: true }),
})
export interface GroupSubject extends Infer<typeof GroupSubject> {}

export const ServiceAccountSubject = message("io.k8s.api.flowcontrol.v1.ServiceAccountSubject", {
  namespace: always(1, string, { required: true }),
  name: always(2, string, { required: true }),
})
export interface ServiceAccountSubject extends Infer<typeof ServiceAccountSubject> {}

export const Subject = message("io.k8s.api.flowcontrol.v1.Subject", {
  kind: always(1, string, { required: true }),
  user: optional(2, UserSubject),
  group: optional(3, GroupSubject),
  serviceAccount: optional(4, ServiceAccountSubject),
})
export interface Subject extends Infer<typeof Subject> {}

export const ResourcePolicyRule = message("io.k8s.api.flowcontrol.v1.ResourcePolicyRule", {
  verbs: always(1, list(string, { type: "set" }), { required: true }),
  apiGroups: always(2, list(string, { type: "set" }), { required: true }),
  resources: always(3, list(string, { type: "set" }), { required: true }),
  clusterScope: field(4, bool),
  namespaces: always(5, list(string, { type: "set" })),
})
export interface ResourcePolicyRule extends Infer<typeof ResourcePolicyRule> {}

export const NonResourcePolicyRule = message("io.k8s.api.flowcontrol.v1.NonResourcePolicyRule", {
  verbs: always(1, list(string, { type: "set" }), { required: true }),
  nonResourceURLs: always(6, list(string, { type: "set" }), { required: true }),
})
export interface NonResourcePolicyRule extends Infer<typeof NonResourcePolicyRule> {}

export const PolicyRulesWithSubjects = message("io.k8s.api.flowcontrol.v1.PolicyRulesWithSubjects", {
  subjects: always(1, list(Subject), { required: true }),
  resourceRules: field(2, list(ResourcePolicyRule)),
  nonResourceRules: field(3, list(NonResourcePolicyRule)),
})
export interface PolicyRulesWithSubjects extends Infer<typeof PolicyRulesWithSubjects> {}

export const FlowSchemaSpec = message("io.k8s.api.flowcontrol.v1.FlowSchemaSpec", {
  priorityLevelConfiguration: always(1, PriorityLevelConfigurationReference, { required: true }),
  matchingPrecedence: always(2, int32, { default: 1000 }),
  distinguisherMethod: optional(3, FlowDistinguisherMethod),
  rules: field(4, list(PolicyRulesWithSubjects)),
})
export interface FlowSchemaSpec extends Infer<typeof FlowSchemaSpec> {}

export const FlowSchemaCondition = message("io.k8s.api.flowcontrol.v1.FlowSchemaCondition", {
  type: field(1, string),
  status: field(2, string),
  lastTransitionTime: always(3, time),
  reason: field(4, string),
  message: field(5, string),
})
export interface FlowSchemaCondition extends Infer<typeof FlowSchemaCondition> {}

export const FlowSchemaStatus = message("io.k8s.api.flowcontrol.v1.FlowSchemaStatus", {
  conditions: field(1, list(FlowSchemaCondition, { keys: ["type"] }), {
    patchStrategy: "merge",
    patchMergeKey: "type",
  }),
})
export interface FlowSchemaStatus extends Infer<typeof FlowSchemaStatus> {}

export const FlowSchemaSchema = message("io.k8s.api.flowcontrol.v1.FlowSchema", {
  ...objectFields,
  spec: always(2, FlowSchemaSpec),
  status: always(3, FlowSchemaStatus),
})
/** Which requests belong to which priority level. */
export interface FlowSchema extends Infer<typeof FlowSchemaSchema> {}

export const FlowSchema = resource<FlowSchema>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  plural: "flowschemas",
  namespaced: false,
  hasStatus: true,
  columns: [
    nameColumn,
    column(
      "PriorityLevel",
      textOf("flowcontrol.v1.PriorityLevelConfigurationReference", "name"),
      ({ spec }) => spec.priorityLevelConfiguration.name,
    ),
    column(
      "MatchingPrecedence",
      textOf("flowcontrol.v1.FlowSchemaSpec", "matchingPrecedence"),
      ({ spec }) => spec.matchingPrecedence,
    ),
    column(
      "DistinguisherMethod",
      "`distinguisherMethod` defines how to compute the flow distinguisher for requests that match this schema. `nil` specifies that the distinguisher is disabled and thus will always be the empty string.",
      ({ spec }) => spec.distinguisherMethod?.type ?? "<none>",
    ),
    ageColumn,
    column(
      "MissingPL",
      "references a broken or non-existent PriorityLevelConfiguration",
      ({ status }) => status.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
    ),
  ],
  tableOrder: byPrecedence,
  schema: FlowSchemaSchema,
})

/** In which order they are asked whether a request is theirs. */
export function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  const difference = a.spec.matchingPrecedence - b.spec.matchingPrecedence
  return difference || (a.metadata.name < b.metadata.name ? -1 : 1)
}
