import type { CertificateSigningRequest } from "../../../api/certificates/v1/certificate-signing-request.ts"
import type { Strategy } from "../strategy.ts"
import { signingRequestProof } from "./key-proofs.ts"

/** Who asks for a certificate is what the server knows of them, not what they say. */
export const signingRequestStrategy: Partial<Strategy> = {
  hasGeneration: false,

  prepareForCreate(object, { user }) {
    const request = object as unknown as CertificateSigningRequest
    const { username: _, uid: __, groups: ___, extra: ____, ...asked } = request.spec
    const { name, uid, groups, extra } = user
    request.spec = {
      ...asked,
      username: name,
      ...(uid && { uid }),
      ...(groups && { groups: [...groups] }),
      ...(extra && Object.keys(extra).length > 0 && { extra: copyLists(extra) }),
    }
    request.status = {}
  },

  validate(object, { server: { keyProofs } }) {
    return keyProofs ? signingRequestProof(object as CertificateSigningRequest, keyProofs) : []
  },
}

function copyLists(extra: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))
}
