import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import { fillConditionTimes } from "../../api/certificates/prepare-conditions.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { View } from "../registry/view.ts"

/** certificatesigningrequests/NAME/approval: the conditions alone; `kubectl certificate approve`. */
export function approvalView({ resource, strategy }: ServedResource): View {
  return {
    subresource: "approval",
    isWhole: true,
    kind: resource,
    show: (object) => object,
    take: (_, written) => written,
    prepare(object, old, { now }) {
      const request = object as unknown as CertificateSigningRequest
      const before = old as unknown as CertificateSigningRequest
      fillConditionTimes(request, before, now)
      request.spec = before.spec
      request.status = { ...before.status, conditions: request.status.conditions ?? [] }
    },
    validate: (object, old, context) => strategy.validateSubresource("approval", object, old, context),
  }
}
