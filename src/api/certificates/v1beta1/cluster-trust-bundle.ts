import { resource } from "../../../apimachinery/resource.ts"
import { always, field, type Infer, message, string } from "../../../apimachinery/schema.ts"
import { column, nameColumn, orNone, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const ClusterTrustBundleSpec = message("io.k8s.api.certificates.v1beta1.ClusterTrustBundleSpec", {
  signerName: field(1, string),
  trustBundle: always(2, string, { required: true }),
})
export interface ClusterTrustBundleSpec extends Infer<typeof ClusterTrustBundleSpec> {}

export const ClusterTrustBundleSchema = message("io.k8s.api.certificates.v1beta1.ClusterTrustBundle", {
  ...objectFields,
  spec: always(2, ClusterTrustBundleSpec, { required: true }),
})
/** Root certificates to trust, for a signer or for all. */
export interface ClusterTrustBundle extends Infer<typeof ClusterTrustBundleSchema> {}

export const ClusterTrustBundle = resource<ClusterTrustBundle>({
  group: "certificates.k8s.io",
  version: "v1beta1",
  kind: "ClusterTrustBundle",
  plural: "clustertrustbundles",
  namespaced: false,
  columns: [
    nameColumn,
    column("SignerName", textOf("certificates.v1alpha1.ClusterTrustBundleSpec", "signerName"), ({ spec }) =>
      orNone(spec.signerName),
    ),
  ],
  selectableFields: {
    "spec.signerName": ({ spec }) => spec.signerName ?? "",
  },
  schema: ClusterTrustBundleSchema,
})
