import { always, field, type Infer, list, mapOf, message, string } from "../../../apimachinery/schema.ts"

export const LabelSelectorRequirement = message(
  "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement",
  {
    key: always(1, string, { required: true }),
    operator: always(2, string, { required: true }),
    values: field(3, list(string)),
  },
)
export interface LabelSelectorRequirement extends Infer<typeof LabelSelectorRequirement> {}

export const LabelSelector = message(
  "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
  {
    matchLabels: field(1, mapOf(string)),
    matchExpressions: field(2, list(LabelSelectorRequirement)),
  },
  { atomic: true },
)
export interface LabelSelector extends Infer<typeof LabelSelector> {}

export const FieldSelectorRequirement = message(
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement",
  {
    key: always(1, string, { required: true }),
    operator: always(2, string, { required: true }),
    values: field(3, list(string)),
  },
)
export interface FieldSelectorRequirement extends Infer<typeof FieldSelectorRequirement> {}
