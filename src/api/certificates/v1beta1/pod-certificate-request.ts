import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bytes,
  field,
  type Infer,
  int32,
  list,
  mapOf,
  message,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { column, formatLabels, nameColumn } from "../../columns.ts"
import { Condition } from "../../meta/v1/condition.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"

export const PodCertificateRequestSpec = message(
  "io.k8s.api.certificates.v1beta1.PodCertificateRequestSpec",
  {
    signerName: always(1, string, { required: true }),
    podName: always(2, string, { required: true }),
    podUID: always(3, string, { required: true }),
    serviceAccountName: always(4, string, { required: true }),
    serviceAccountUID: always(5, string, { required: true }),
    nodeName: always(6, string, { required: true }),
    nodeUID: always(7, string, { required: true }),
    maxExpirationSeconds: optional(8, int32, { default: 86400 }),
    pkixPublicKey: always(9, bytes),
    proofOfPossession: always(10, bytes),
    stubPKCS10Request: always(12, bytes, { required: true }),
    unverifiedUserAnnotations: field(11, mapOf(string)),
  },
)
export interface PodCertificateRequestSpec extends Infer<typeof PodCertificateRequestSpec> {}

export const PodCertificateRequestStatus = message(
  "io.k8s.api.certificates.v1beta1.PodCertificateRequestStatus",
  {
    conditions: field(1, list(Condition, { keys: ["type"] }), {
      patchStrategy: "merge",
      patchMergeKey: "type",
    }),
    certificateChain: field(2, string),
    notBefore: optional(4, time),
    beginRefreshAt: optional(5, time),
    notAfter: optional(6, time),
  },
)
export interface PodCertificateRequestStatus extends Infer<typeof PodCertificateRequestStatus> {}

export const PodCertificateRequestSchema = message("io.k8s.api.certificates.v1beta1.PodCertificateRequest", {
  ...objectFields,
  spec: always(2, PodCertificateRequestSpec, { required: true }),
  status: always(3, PodCertificateRequestStatus),
})
/** Asks a signer for a certificate in the name of a pod. */
export interface PodCertificateRequest extends Infer<typeof PodCertificateRequestSchema> {}

export const PodCertificateRequest = resource<PodCertificateRequest>({
  group: "certificates.k8s.io",
  version: "v1beta1",
  kind: "PodCertificateRequest",
  plural: "podcertificaterequests",
  namespaced: true,
  hasStatus: true,
  columns: [
    nameColumn,
    column("PodName", "The pod it is for.", ({ spec }) => spec.podName),
    column("ServiceAccountName", "Who the pod is.", ({ spec }) => spec.serviceAccountName),
    column("NodeName", "Where the pod runs.", ({ spec }) => spec.nodeName),
    column(
      "SignerName",
      'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:\n 1. If it\'s a kubelet client certificate, it is assigned\n    "kubernetes.io/kube-apiserver-client-kubelet".\n 2. If it\'s a kubelet serving certificate, it is assigned\n    "kubernetes.io/kubelet-serving".\n 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".\nDistribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.',
      ({ spec }) => spec.signerName,
    ),
    column("State", "How far it is.", formatState),
    column("UnverifiedUserAnnotations", "What the pod's author says to the signer.", ({ spec }) =>
      formatLabels(spec.unverifiedUserAnnotations),
    ),
  ],
  selectableFields: {
    "spec.signerName": ({ spec }) => spec.signerName,
    "spec.podName": ({ spec }) => spec.podName,
    "spec.nodeName": ({ spec }) => spec.nodeName,
  },
  schema: PodCertificateRequestSchema,
})

function formatState({ status }: PodCertificateRequest): string {
  const types = (status.conditions ?? []).map((condition) => condition.type)
  return types.findLast((type) => ["Issued", "Denied", "Failed"].includes(type)) ?? "Pending"
}
