import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  bytes,
  enumeration,
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
import { ageColumn, column, nameColumn, orNone, textOf } from "../../columns.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { humanDuration } from "../../../apimachinery/human-duration.ts"

export const keyUsages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
] as const
export const KeyUsage = enumeration(...keyUsages)
export type KeyUsage = Infer<typeof KeyUsage>

export const CertificateSigningRequestSpec = message(
  "io.k8s.api.certificates.v1.CertificateSigningRequestSpec",
  {
    request: always(1, bytes, { required: true }),
    signerName: always(7, string, { required: true }),
    expirationSeconds: optional(8, int32),
    usages: field(5, list(KeyUsage)),
    username: field(2, string),
    uid: field(3, string),
    groups: field(4, list(string)),
    extra: field(6, mapOf(list(string, { wrapperField: 1 }))),
  },
)
export interface CertificateSigningRequestSpec extends Infer<typeof CertificateSigningRequestSpec> {}

export const CertificateSigningRequestCondition = message(
  "io.k8s.api.certificates.v1.CertificateSigningRequestCondition",
  {
    type: always(1, string, { required: true }),
    status: always(6, string, { required: true }),
    reason: field(2, string),
    message: field(3, string),
    lastUpdateTime: always(4, time),
    lastTransitionTime: always(5, time),
  },
)
export interface CertificateSigningRequestCondition
  extends Infer<typeof CertificateSigningRequestCondition> {}

export const CertificateSigningRequestStatus = message(
  "io.k8s.api.certificates.v1.CertificateSigningRequestStatus",
  {
    conditions: field(1, list(CertificateSigningRequestCondition, { keys: ["type"] })),
    certificate: field(2, bytes),
  },
)
export interface CertificateSigningRequestStatus extends Infer<typeof CertificateSigningRequestStatus> {}

export const CertificateSigningRequestSchema = message(
  "io.k8s.api.certificates.v1.CertificateSigningRequest",
  {
    ...objectFields,
    spec: always(2, CertificateSigningRequestSpec, { required: true }),
    status: always(3, CertificateSigningRequestStatus),
  },
)
/** Asks a signer for a certificate. */
export interface CertificateSigningRequest extends Infer<typeof CertificateSigningRequestSchema> {}

export const CertificateSigningRequest = resource<CertificateSigningRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  namespaced: false,
  shortNames: ["csr"],
  hasStatus: true,
  subresources: [{ name: "approval", kind: "CertificateSigningRequest", verbs: ["get", "patch", "update"] }],
  columns: [
    nameColumn,
    ageColumn,
    column(
      "SignerName",
      'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:\n 1. If it\'s a kubelet client certificate, it is assigned\n    "kubernetes.io/kube-apiserver-client-kubelet".\n 2. If it\'s a kubelet serving certificate, it is assigned\n    "kubernetes.io/kubelet-serving".\n 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".\nDistribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.',
      ({ spec }) => orNone(spec.signerName),
    ),
    column("Requestor", "Base64-encoded PKCS#10 CSR data", ({ spec }) => spec.username ?? ""),
    column(
      "RequestedDuration",
      textOf("certificates.v1.CertificateSigningRequestSpec", "expirationSeconds"),
      ({ spec }) =>
        spec.expirationSeconds === undefined ? "<none>" : humanDuration(spec.expirationSeconds * 1000),
    ),
    column("Condition", "Conditions applied to the request, such as approval or denial.", formatCondition),
  ],
  selectableFields: {
    "spec.signerName": ({ spec }) => spec.signerName,
  },
  schema: CertificateSigningRequestSchema,
})

function formatCondition({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status.conditions?.some((condition) => condition.type === type)
  const answer = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending"
  return [answer, ...(has("Failed") ? ["Failed"] : []), ...(status.certificate ? ["Issued"] : [])].join(",")
}
