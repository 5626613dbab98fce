import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import type { AlternativeNames } from "../../base/real/x509/names.ts"
import { signCertificateRequest } from "../../base/real/x509/certificate-request.ts"
import { generateKey } from "../../base/real/x509/keys.ts"
import { decodePem, encodePem } from "../../base/real/x509/pem.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"
import { type KeyPair, keyPair } from "../certificates/key-pair-files.ts"

export interface WantedCertificate {
  readonly signerName: "kubernetes.io/kube-apiserver-client-kubelet" | "kubernetes.io/kubelet-serving"
  readonly nodeName: string
  /** What a serving certificate is good for. */
  readonly alternativeNames?: AlternativeNames
}

const usages = {
  "kubernetes.io/kube-apiserver-client-kubelet": ["client auth", "digital signature"],
  "kubernetes.io/kubelet-serving": ["digital signature", "server auth"],
} as const

/**
 * A new key and the certificate that the cluster gives for it. Throws when the request is denied or fails, or when nobody
 * has approved it in time, saying how that is done.
 */
export async function requestCertificate(
  client: Client,
  clock: Clock,
  { signerName, nodeName, alternativeNames }: WantedCertificate,
  timeoutMs: number,
): Promise<KeyPair> {
  const key = generateKey()
  const subject = { commonName: `system:node:${nodeName}`, organizations: ["system:nodes"] }
  const der = signCertificateRequest({ subject, ...(alternativeNames && { alternativeNames }) }, key)
  const { metadata } = await client.create(CertificateSigningRequest, {
    metadata: { generateName: "csr-" },
    spec: {
      request: btoa(encodePem("CERTIFICATE REQUEST", der)),
      signerName,
      usages: [...usages[signerName]],
    },
  })
  for (const startedMs = clock.monotonic(); ; ) {
    const { status } = await client.get(CertificateSigningRequest, { name: metadata.name })
    const refusal = status?.conditions?.find(({ type }) => type === "Denied" || type === "Failed")
    if (refusal)
      throw new Error(
        `certificate signing request ${metadata.name}: ${refusal.type}: ${refusal.message ?? ""}`,
      )
    if (status?.certificate) {
      const [certificate] = decodePem("CERTIFICATE", atob(status.certificate))
      if (certificate) return keyPair(certificate, key)
    }
    if (clock.monotonic() - startedMs > timeoutMs)
      throw new Error(
        `certificate signing request ${metadata.name} was not approved: kubectl certificate approve ${metadata.name}`,
      )
    await sleep(clock, 100)
  }
}
