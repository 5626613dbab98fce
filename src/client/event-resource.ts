import { resource, type Resource } from "../apimachinery/resource.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import { message } from "../apimachinery/schema.ts"

// Until api/ has them.
const schema = message("", {})
type Loose = KubeObject & { [field: string]: unknown }
export const Event: Resource<Loose> = resource<Loose>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  namespaced: true,
  schema,
})
export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    renewTime?: string
    acquireTime?: string
    leaseTransitions?: number
  }
}
export const Lease: Resource<Lease> = resource<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
  schema,
})
