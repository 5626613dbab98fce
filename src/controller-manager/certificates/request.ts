import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from "../../api/certificates/v1/certificate-signing-request.ts"

/** The request in PEM. */
export function decodeRequest({ spec }: CertificateSigningRequest): string {
  return atob(spec.request)
}

export function findTrueCondition(
  { status }: CertificateSigningRequest,
  type: string,
): CertificateSigningRequestCondition | undefined {
  return status.conditions?.find((one) => one.type === type && one.status === "True")
}

export function hasCondition(request: CertificateSigningRequest, type: string): boolean {
  return findTrueCondition(request, type) !== undefined
}
