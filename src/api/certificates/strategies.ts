import { pathSegmentName } from "../../apimachinery/names.ts"
import { clusterTrustBundleName } from "../validation/signer-name.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { fillConditionTimes, keepAnswers } from "./prepare-conditions.ts"
import type { CertificateSigningRequest } from "./v1/certificate-signing-request.ts"
import type { ClusterTrustBundle } from "./v1beta1/cluster-trust-bundle.ts"
import type { PodCertificateRequest } from "./v1beta1/pod-certificate-request.ts"
import {
  validatePodCertificateRequest,
  validatePodCertificateRequestStatus,
  validatePodCertificateRequestUpdate,
} from "./validation/pod-certificate-request.ts"
import { validateSigningRequest, validateSigningRequestUpdate } from "./validation/signing-request.ts"
import { validateTrustBundle, validateTrustBundleUpdate } from "./validation/trust-bundle.ts"

export const certificatesRules: RulesByResource = {
  certificatesigningrequests: rules<CertificateSigningRequest>({
    nameRule: pathSegmentName,
    prepareForUpdate(request, old) {
      request.spec = old.spec
    },
    prepareForStatusUpdate(request, old, now) {
      keepAnswers(request, old)
      fillConditionTimes(request, old, now)
    },
    validate: validateSigningRequest,
    validateUpdate: validateSigningRequestUpdate,
    validateStatusUpdate: (request, old) => validateSigningRequestUpdate(request, old, { mayIssue: true }),
    subresources: {
      approval: (request, old) => validateSigningRequestUpdate(request, old, { mayApprove: true }),
    },
  }),
  clustertrustbundles: rules<ClusterTrustBundle>({
    nameRule: (name, prefix, bundle) =>
      clusterTrustBundleName((bundle as ClusterTrustBundle).spec.signerName ?? "")(name, prefix),
    validate: validateTrustBundle,
    validateUpdate: validateTrustBundleUpdate,
  }),
  podcertificaterequests: rules<PodCertificateRequest>({
    validate: validatePodCertificateRequest,
    validateUpdate: validatePodCertificateRequestUpdate,
    validateStatusUpdate: validatePodCertificateRequestStatus,
  }),
}
