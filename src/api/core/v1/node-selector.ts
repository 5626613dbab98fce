import {
  always,
  enumeration,
  field,
  type Infer,
  list,
  message,
  string,
} from "../../../apimachinery/schema.ts"

export const NodeSelectorOperator = enumeration("DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn")
export type NodeSelectorOperator = Infer<typeof NodeSelectorOperator>

export const NodeSelectorRequirement = message("io.k8s.api.core.v1.NodeSelectorRequirement", {
  key: always(1, string, { required: true }),
  operator: always(2, NodeSelectorOperator, { required: true }),
  values: field(3, list(string)),
})
export interface NodeSelectorRequirement extends Infer<typeof NodeSelectorRequirement> {}

export const NodeSelectorTerm = message(
  "io.k8s.api.core.v1.NodeSelectorTerm",
  {
    matchExpressions: field(1, list(NodeSelectorRequirement)),
    matchFields: field(2, list(NodeSelectorRequirement)),
  },
  { atomic: true },
)
export interface NodeSelectorTerm extends Infer<typeof NodeSelectorTerm> {}

export const NodeSelector = message(
  "io.k8s.api.core.v1.NodeSelector",
  {
    nodeSelectorTerms: always(1, list(NodeSelectorTerm), { required: true }),
  },
  { atomic: true },
)
export interface NodeSelector extends Infer<typeof NodeSelector> {}

export const TopologySelectorLabelRequirement = message(
  "io.k8s.api.core.v1.TopologySelectorLabelRequirement",
  {
    key: always(1, string, { required: true }),
    values: always(2, list(string), { required: true }),
  },
)
export interface TopologySelectorLabelRequirement extends Infer<typeof TopologySelectorLabelRequirement> {}

export const TopologySelectorTerm = message(
  "io.k8s.api.core.v1.TopologySelectorTerm",
  {
    matchLabelExpressions: field(1, list(TopologySelectorLabelRequirement)),
  },
  { atomic: true },
)
export interface TopologySelectorTerm extends Infer<typeof TopologySelectorTerm> {}
