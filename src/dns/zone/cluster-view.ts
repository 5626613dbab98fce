import type { Service } from "../../api/core/v1/service.ts"
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"

/** What the cluster zone is made of; every lookup costs what its answer costs. */
export interface ClusterView {
  hasNamespace(name: string): boolean
  findService(namespace: string, name: string): Service | undefined
  slicesOf(namespace: string, serviceName: string): readonly EndpointSlice[]
  servicesWithAddress(address: string): readonly Service[]
  slicesWithAddress(address: string): readonly EndpointSlice[]
}
