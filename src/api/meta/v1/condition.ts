import { always, field, type Infer, int64, message, string, time } from "../../../apimachinery/schema.ts"

export const Condition = message("io.k8s.apimachinery.pkg.apis.meta.v1.Condition", {
  type: always(1, string, { required: true }),
  status: always(2, string, { required: true }),
  observedGeneration: field(3, int64),
  lastTransitionTime: always(4, time, { required: true }),
  reason: always(5, string, { required: true }),
  message: always(6, string, { required: true }),
})
export interface Condition extends Infer<typeof Condition> {}
