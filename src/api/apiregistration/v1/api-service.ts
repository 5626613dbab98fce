import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bool,
  bytes,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { ageColumn, column, nameColumn } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const ServiceReference = message(
  "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference",
  {
    namespace: field(1, string),
    name: field(2, string),
    port: optional(3, int32, { default: 443 }),
  },
)
export interface ServiceReference extends Infer<typeof ServiceReference> {}

export const APIServiceSpec = message("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec", {
  service: optional(1, ServiceReference),
  group: field(2, string),
  version: field(3, string),
  insecureSkipTLSVerify: field(4, bool),
  caBundle: field(5, bytes),
  groupPriorityMinimum: always(7, int32, { required: true }),
  versionPriority: always(8, int32, { required: true }),
})
export interface APIServiceSpec extends Infer<typeof APIServiceSpec> {}

export const APIServiceCondition = message(
  "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceCondition",
  {
    type: always(1, string, { required: true }),
    status: always(2, string, { required: true }),
    lastTransitionTime: always(3, time),
    reason: field(4, string),
    message: field(5, string),
  },
)
export interface APIServiceCondition extends Infer<typeof APIServiceCondition> {}

export const APIServiceStatus = message(
  "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus",
  {
    conditions: field(1, list(APIServiceCondition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
  },
)
export interface APIServiceStatus extends Infer<typeof APIServiceStatus> {}

export const APIServiceSchema = message("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService", {
  ...objectFields,
  spec: always(2, APIServiceSpec),
  status: always(3, APIServiceStatus),
})
/** Which server answers for one group and version. */
export interface APIService extends Infer<typeof APIServiceSchema> {}

export const APIService = resource<APIService>({
  group: "apiregistration.k8s.io",
  version: "v1",
  kind: "APIService",
  plural: "apiservices",
  namespaced: false,
  categories: ["api-extensions"],
  hasStatus: true,
  storagePrefix: "apiregistration.k8s.io/apiservices",
  columns: [
    nameColumn,
    column("Service", "The reference to the service that hosts this API endpoint.", ({ spec }) =>
      spec.service ? `${spec.service.namespace ?? ""}/${spec.service.name ?? ""}` : "Local",
    ),
    column("Available", "Whether this service is available.", formatAvailable),
    ageColumn,
  ],
  schema: APIServiceSchema,
})

function formatAvailable({ status }: APIService): string {
  const condition = status.conditions?.find((each) => each.type === "Available")
  if (!condition) return "Unknown"
  const { status: state, reason } = condition
  return state !== "True" && reason ? `${state} (${reason})` : state
}
