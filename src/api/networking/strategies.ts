import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { Ingress } from "./v1/ingress.ts"
import type { IngressClass } from "./v1/ingress-class.ts"
import type { IPAddress } from "./v1/ip-address.ts"
import type { NetworkPolicy } from "./v1/network-policy.ts"
import type { ServiceCIDR } from "./v1/service-cidr.ts"
import {
  ipAddressNameProblems,
  validateIpAddress,
  validateIpAddressUpdate,
  validateServiceCidr,
  validateServiceCidrUpdate,
} from "./validation/addresses.ts"
import {
  ingressWarnings,
  validateIngress,
  validateIngressStatusUpdate,
  validateIngressUpdate,
} from "./validation/ingress.ts"
import { validateIngressClass, validateIngressClassUpdate } from "./validation/ingress-class.ts"
import { networkPolicyWarnings, validateNetworkPolicy } from "./validation/network-policy.ts"

export const networkingRules: RulesByResource = {
  networkpolicies: rules<NetworkPolicy>({ validate: validateNetworkPolicy, warnings: networkPolicyWarnings }),
  ingresses: rules<Ingress>({
    validate: validateIngress,
    validateUpdate: validateIngressUpdate,
    validateStatusUpdate: validateIngressStatusUpdate,
    warnings: ingressWarnings,
  }),
  ingressclasses: rules<IngressClass>({
    validate: validateIngressClass,
    validateUpdate: validateIngressClassUpdate,
  }),
  ipaddresses: rules<IPAddress>({
    nameRule: ipAddressNameProblems,
    validate: validateIpAddress,
    validateUpdate: validateIpAddressUpdate,
  }),
  servicecidrs: rules<ServiceCIDR>({
    validate: validateServiceCidr,
    validateUpdate: validateServiceCidrUpdate,
  }),
}
