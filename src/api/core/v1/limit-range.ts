import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, list, message, string } from "../../../apimachinery/schema.ts"
import { defaultColumns } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ResourceList } from "./resource-requirements.ts"

export const LimitRangeItem = message(
  "io.k8s.api.core.v1.LimitRangeItem",
  {
    type: always(1, string, { required: true }),
    max: field(2, ResourceList),
    min: field(3, ResourceList),
    default: field(4, ResourceList),
    defaultRequest: field(5, ResourceList),
    maxLimitRequestRatio: field(6, ResourceList),
  },
  { applyDefaults: (item) => defaultLimitRangeItem(item) },
)
export interface LimitRangeItem extends Infer<typeof LimitRangeItem> {}

export const LimitRangeSpec = message("io.k8s.api.core.v1.LimitRangeSpec", {
  limits: always(1, list(LimitRangeItem), { required: true }),
})
export interface LimitRangeSpec extends Infer<typeof LimitRangeSpec> {}

export const LimitRangeSchema = message("io.k8s.api.core.v1.LimitRange", {
  ...objectFields,
  spec: always(2, LimitRangeSpec),
})
/** Smallest, largest and default sizes of what a namespace may hold. */
export interface LimitRange extends Infer<typeof LimitRangeSchema> {}

export const LimitRange = resource<LimitRange>({
  group: "",
  version: "v1",
  kind: "LimitRange",
  plural: "limitranges",
  namespaced: true,
  shortNames: ["limits"],
  columns: defaultColumns,
  schema: LimitRangeSchema,
})

/** The default limit is the maximum; the default request is the default limit, or else the minimum. */
function defaultLimitRangeItem(item: LimitRangeItem): void {
  if (item.type !== "Container") return
  const limit = { ...item.max, ...item.default }
  const request = { ...item.min, ...limit, ...item.defaultRequest }
  if (Object.keys(limit).length > 0) item.default = limit
  if (Object.keys(request).length > 0) item.defaultRequest = request
}
