import { otherVersion } from "../../other-version.ts"
import { ClusterTrustBundle as V1beta1ClusterTrustBundle } from "../v1beta1/cluster-trust-bundle.ts"

/** The same as in v1beta1. */
export type ClusterTrustBundle = V1beta1ClusterTrustBundle
export const ClusterTrustBundle = otherVersion(V1beta1ClusterTrustBundle, "v1alpha1")
