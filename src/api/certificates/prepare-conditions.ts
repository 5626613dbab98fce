import type { CertificateSigningRequest } from "./v1/certificate-signing-request.ts"

/**
 * Conditions with the times that their writer left out: a condition that only was repeated keeps the time of its last
 * change. Changes `request` in place. @param now RFC 3339
 */
export function fillConditionTimes(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  now: string,
): void {
  for (const condition of request.status.conditions ?? []) {
    const { type, status } = condition
    const before = old.status.conditions?.find((each) => each.type === type && each.status === status)
    condition.lastUpdateTime ||= now
    condition.lastTransitionTime ||= before?.lastTransitionTime || now
  }
}

/** Signers write the status and keep out of what approvers have said. */
export function keepAnswers(request: CertificateSigningRequest, old: CertificateSigningRequest): void {
  for (const type of ["Approved", "Denied"]) {
    const before = old.status.conditions?.filter((each) => each.type === type) ?? []
    const conditions = request.status.conditions ?? []
    if (conditions.filter((each) => each.type === type).length !== before.length) continue
    const queue = [...before]
    request.status.conditions = conditions.map((each) => (each.type === type ? queue.shift()! : each))
  }
}
