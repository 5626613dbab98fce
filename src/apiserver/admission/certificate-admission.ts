import { quote } from "../../base/quote.ts"
import { readRequestSubject } from "../../base/real/x509/request-subject.ts"
import type { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import type { ClusterTrustBundle } from "../../api/certificates/v1beta1/cluster-trust-bundle.ts"
import { mastersGroup } from "../authentication/authenticator.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

const requests = "certificatesigningrequests"
const group = "certificates.k8s.io"

/*
 * Who may do what with certificate requests depends on the signer they name
 * (https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization).
 */

export function certificateApproval(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    on: [{ operations: ["UPDATE"], resources: [`${requests}/approval.${group}`] }],
    async validate(attributes) {
      // The old state: nobody may change the signer while approving.
      const { signerName } = (attributes.oldObject as CertificateSigningRequest).spec
      if (await mayUseSigner(context, attributes, "approve", signerName)) return
      throw refuse(attributes, `user not permitted to approve requests with signerName ${quote(signerName)}`)
    },
  }
}

export function certificateSigning(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "CertificateSigning",
    on: [{ operations: ["UPDATE"], resources: [`${requests}/status.${group}`] }],
    async validate(attributes) {
      const { status } = attributes.object as CertificateSigningRequest
      const old = attributes.oldObject as CertificateSigningRequest
      const isSame =
        status?.certificate === old.status?.certificate &&
        deepEqual(status?.conditions ?? [], old.status?.conditions ?? [])
      if (isSame) return
      const { signerName } = old.spec
      if (await mayUseSigner(context, attributes, "sign", signerName)) return
      throw refuse(attributes, `user not permitted to sign requests with signerName ${quote(signerName)}`)
    },
  }
}

const clientSigner = "kubernetes.io/kube-apiserver-client"

export function certificateSubjectRestriction(): AdmissionPlugin {
  return {
    name: "CertificateSubjectRestriction",
    on: [{ operations: ["CREATE"], resources: [`${requests}.${group}`] }],
    validate(attributes) {
      const { signerName, request } = (attributes.object as CertificateSigningRequest).spec
      if (signerName !== clientSigner) return
      const subject = subjectOf(attributes, request, "failed to parse CSR")
      if (!subject.organizations?.includes(mastersGroup)) return
      throw refuse(attributes, `use of ${clientSigner} signer with ${mastersGroup} group is not allowed`)
    },
  }
}

export function clusterTrustBundleAttest(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "ClusterTrustBundleAttest",
    on: [{ operations: ["CREATE", "UPDATE"], resources: [`clustertrustbundles.${group}`] }],
    async validate(attributes) {
      const { spec } = attributes.object as ClusterTrustBundle
      const { signerName } = spec
      if (!signerName) return
      const old = attributes.oldObject as ClusterTrustBundle | undefined
      if (old && deepEqual(old.spec, spec)) return
      if (await mayUseSigner(context, attributes, "attest", signerName)) return
      throw refuse(attributes, `user not permitted to attest for signerName ${quote(signerName)}`)
    },
  }
}

/** The subject of `spec.request`, which is base64 of PEM. */
export function subjectOf(attributes: AdmissionAttributes, request: string, problem: string) {
  try {
    return readRequestSubject(atob(request))
  } catch (error) {
    throw refuse(attributes, `${problem}: ${(error as Error).message}`)
  }
}

/** For the signer itself, or for all of its domain: "example.com/*". */
async function mayUseSigner(
  { authorizer }: AdmissionContext,
  { user }: AdmissionAttributes,
  verb: string,
  signerName: string,
): Promise<boolean> {
  const domain = `${signerName.split("/")[0]}/*`
  for (const name of [signerName, domain]) {
    const question = { user, verb, apiGroup: group, apiVersion: "*", resource: "signers", subresource: "" }
    const { decision } = await authorizer.authorize({ ...question, namespace: "", name })
    if (decision === "allowed") return true
  }
  return false
}
