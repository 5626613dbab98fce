import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { parseIp } from "../../../base/ip-address.ts"
import { dnsSubdomain, type Errors, oneOfIfSet } from "../../validation/checks.ts"
import { ipAddress } from "../../validation/ip.ts"
import type { LoadBalancerIngress } from "../v1/service.ts"

/** @param path of the load balancer */
export function* validateLoadBalancerStatus(points: readonly LoadBalancerIngress[], path: FieldPath): Errors {
  for (const [index, { ip, ipMode, hostname }] of points.entries()) {
    const at = path.child("ingress").index(index)
    const modePath = at.child("ipMode")
    if (ip) yield* ipAddress(ip, at.child("ip"))
    if (ipMode === undefined) {
      if (ip) yield requiredValue(modePath, "must be specified when `ip` is set")
    } else if (!ip) yield forbiddenValue(modePath, "may not be specified when `ip` is not set")
    else yield* oneOfIfSet(ipMode, modePath, ["Proxy", "VIP"])
    yield* hostName(hostname, at.child("hostname"))
  }
}

export function* hostName(name: string | undefined, path: FieldPath): Errors {
  if (!name) return
  yield* dnsSubdomain(name, path)
  if (parseIp(name)) yield invalidValue(path, name, "must be a DNS name, not an IP address")
}
