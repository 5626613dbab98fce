import { quantityFromNumber } from "../../../apimachinery/quantity.ts"
import type { Service } from "../v1/service.ts"
import { oneItem } from "./amounts.ts"
import type { QuotaEvaluator } from "./quota-evaluator.ts"

const names = ["count/services", "services", "services.nodeports", "services.loadbalancers"]

/** Services count by number, and by what is scarce: ports of nodes, and load balancers. */
export const serviceQuota: QuotaEvaluator<Service> = {
  resource: "services",
  // A service may change its type.
  isCharged: ({ operation, subresource }) =>
    subresource === "" && (operation === "CREATE" || operation === "UPDATE"),
  tracks: (name) => names.includes(name),
  usageOf: (service) => ({
    "count/services": oneItem,
    services: oneItem,
    "services.nodeports": quantityFromNumber(countNodePorts(service)),
    "services.loadbalancers": quantityFromNumber(service.spec.type === "LoadBalancer" ? 1 : 0),
  }),
}

/** By intent: when a service is admitted its ports are not allocated yet. */
function countNodePorts({ spec: { type, ports = [], allocateLoadBalancerNodePorts } }: Service): number {
  if (type !== "NodePort" && type !== "LoadBalancer") return 0
  if (type === "LoadBalancer" && allocateLoadBalancerNodePorts === false)
    return ports.filter(({ nodePort }) => !!nodePort).length
  return ports.length
}
