import type { Service } from "../../api/core/v1/service.ts"
import type { AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** With external IPs a Service can catch traffic that is meant for others (CVE-2020-8554); those that are there may stay. */
export function denyServiceExternalIPs(): AdmissionPlugin {
  return {
    name: "DenyServiceExternalIPs",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["services"] }],
    validate(attributes) {
      const { externalIPs = [] } = (attributes.object as Service).spec
      const known = (attributes.oldObject as Service | undefined)?.spec.externalIPs ?? []
      if (externalIPs.some((address) => !known.includes(address)))
        throw refuse(attributes, "Use of external IPs is denied by admission control")
    },
  }
}
