import type { Secret } from "../../api/core/v1/secret.ts"
import type { ServiceAccount } from "../../api/core/v1/service-account.ts"

export const tokenSecretType = "kubernetes.io/service-account-token"
const nameAnnotation = "kubernetes.io/service-account.name"
export const accountUidAnnotation = "kubernetes.io/service-account.uid"

/** The account a Secret wants a token of; undefined for Secrets of other types. */
export function accountOf({ type, metadata }: Secret): { namespace: string; name: string } | undefined {
  const name = type === tokenSecretType ? metadata.annotations?.[nameAnnotation] : undefined
  return name ? { namespace: metadata.namespace!, name } : undefined
}

export type TokenPlan =
  | { readonly kind: "leave" }
  /** Its account is gone, or has been made anew since. */
  | { readonly kind: "delete" }
  | { readonly kind: "fill"; readonly secret: Secret }

/**
 * What is to become of a Secret that holds a token.
 *
 * @param sign makes the token; called only when there is none yet
 */
export function planToken(
  secret: Secret,
  account: ServiceAccount | undefined,
  rootCertificateAuthority: string | undefined,
  sign: (claims: object) => string,
): TokenPlan {
  const wantedUid = secret.metadata.annotations?.[accountUidAnnotation]
  if (!account || (wantedUid && wantedUid !== account.metadata.uid)) return { kind: "delete" }
  const { data = {}, metadata } = secret
  const filled = {
    ...data,
    ...(rootCertificateAuthority && { "ca.crt": encode(rootCertificateAuthority) }),
    namespace: data["namespace"] || encode(metadata.namespace!),
    token: data["token"] || encode(sign(legacyClaims(account, secret))),
  }
  const isComplete = Object.entries(filled).every(([key, value]) => data[key] === value)
  if (isComplete) return { kind: "leave" }
  const annotations = {
    ...metadata.annotations,
    [nameAnnotation]: account.metadata.name,
    [accountUidAnnotation]: account.metadata.uid,
  }
  return { kind: "fill", secret: { ...secret, metadata: { ...metadata, annotations }, data: filled } }
}

/** Such a token never ends: it is good as long as its Secret holds it. */
function legacyClaims({ metadata }: ServiceAccount, secret: Secret): object {
  const { namespace, name, uid } = metadata
  const prefix = "kubernetes.io/serviceaccount"
  return {
    iss: "kubernetes/serviceaccount",
    sub: `system:serviceaccount:${namespace}:${name}`,
    [`${prefix}/namespace`]: namespace,
    [`${prefix}/secret.name`]: secret.metadata.name,
    [`${prefix}/service-account.name`]: name,
    [`${prefix}/service-account.uid`]: uid,
  }
}

function encode(text: string): string {
  return btoa(text)
}
