import type { Service } from "../../../api/core/v1/service.ts"
import { dnsLabelName } from "../../../apimachinery/names.ts"
import type { Alongside } from "../registry.ts"
import type { Strategy, StrategyContext } from "../strategy.ts"
import { alignClusterIps, carryOverAllocated } from "./carry-over.ts"
import { claimAddresses } from "./claim-addresses.ts"
import { claimNodePorts, releaseNodePorts } from "./claim-node-ports.ts"
import { dropFieldsOfOldType } from "./drop-fields.ts"
import { setIpFamilies } from "./ip-families.ts"
import { asService } from "./service-spec.ts"

/** A Service's addresses and ports are claimed with it and given back with it. */
export const serviceStrategy: Partial<Strategy> = {
  nameRule: dnsLabelName,
  allowsCreateOnUpdate: true,
  hasGeneration: false,

  prepareForCreate(object) {
    asService(object).status = { loadBalancer: {} }
  },

  prepareForUpdate(object, old) {
    asService(object).status = asService(old).status
    dropFieldsOfOldType(asService(object).spec, asService(old).spec)
  },

  allocate(object, old, context) {
    const before = old && asService(old)
    if (!object) {
      const gone = { ...before!, spec: { ...before!.spec, type: "ExternalName" as const } }
      return join([
        ...claimAddresses(gone, before, context),
        releaseNodePorts(before!, context),
        forgetEndpoints(before!, context),
      ])
    }
    const service = asService(object)
    if (!service.spec) return undefined
    if (before) carryOverAllocated(service.spec, before.spec)
    alignClusterIps(service.spec, before?.spec)
    const families = [...new Set(context.server.serviceNetworks.map(({ family }) => family))]
    setIpFamilies(
      service,
      before,
      families.map((family) => (family === 4 ? "IPv4" : "IPv6")),
    )
    return join([...claimAddresses(service, before, context), claimNodePorts(service, before, context)])
  },
}

/** A Service's Endpoints go with it, whoever wrote them. EndpointSlices are their controllers' business. */
function forgetEndpoints({ metadata }: Service, { server }: StrategyContext): Alongside | undefined {
  const { registry } = server.resources.get({ group: "", version: "v1", plural: "endpoints" })
  const key = `${metadata.namespace}/${metadata.name}`
  const endpoints = registry.cache.find(key)?.object
  if (!endpoints || endpoints.metadata.finalizers?.length) return undefined
  return registry.planDelete(key)
}

function join(plans: readonly (Alongside | undefined)[]): Alongside | undefined {
  const all = plans.filter((plan) => plan !== undefined)
  if (all.length === 0) return undefined
  return {
    compare: all.flatMap(({ compare }) => compare),
    operations: all.flatMap(({ operations }) => operations),
  }
}
