import { Namespace } from "../../api/core/v1/namespace.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { Informers } from "../../client/informers.ts"
import type { ClusterView } from "./cluster-view.ts"

const byService = "dns/service"
const byAddress = "dns/address"

/** The cluster as the informers know it. The index of endpoints' addresses is made when the first is asked for. */
export function createInformerView(informers: Informers): ClusterView {
  const { cache } = informers
  informers.for(Namespace)
  informers.addIndex(
    Service,
    byAddress,
    ({ spec }) => spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []),
  )
  informers.addIndex(EndpointSlice, byService, ({ metadata }) => {
    const name = metadata.labels?.["kubernetes.io/service-name"]
    return name ? [`${metadata.namespace}/${name}`] : []
  })
  return {
    hasNamespace: (name) => cache.find(Namespace, { name }) !== undefined,
    findService: (namespace, name) => cache.find(Service, { namespace, name }),
    slicesOf: (namespace, serviceName) =>
      cache.byIndex(EndpointSlice, byService, `${namespace}/${serviceName}`),
    servicesWithAddress: (address) => cache.byIndex(Service, byAddress, address),
    slicesWithAddress(address) {
      informers.addIndex(EndpointSlice, byAddress, ({ endpoints }) =>
        (endpoints ?? []).flatMap(({ addresses }) => addresses),
      )
      return cache.byIndex(EndpointSlice, byAddress, address)
    },
  }
}
