import { decodeBase64 } from "../../base/base64.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import type { ObjectKey } from "../../apimachinery/meta.ts"

/** Bootstrap tokens live here (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/). */
export const tokenNamespace = "kube-system"

export function isBootstrapToken({ metadata, type }: Secret): boolean {
  return type === "bootstrap.kubernetes.io/token" && metadata.namespace === tokenNamespace
}

/** A value of a Secret as text; "" when it is not there. */
export function secretText({ data }: Secret, key: string): string {
  return data?.[key] ? new TextDecoder().decode(decodeBase64(data[key])) : ""
}

/** Milliseconds until it expires; undefined for never. What is not a time has passed. */
export function expiresInMs(secret: Secret, nowMs: number): number | undefined {
  const expiration = secretText(secret, "expiration")
  if (expiration === "") return undefined
  const atMs = Date.parse(expiration)
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs)
}

export interface SigningToken {
  readonly id: string
  readonly secret: string
}

/** The token, if the Secret is one that may sign. */
export function signingTokenOf(secret: Secret, nowMs: number): SigningToken | undefined {
  const id = /^bootstrap-token-([a-z0-9]{6})$/.exec(secret.metadata.name)?.[1]
  const token = secretText(secret, "token-secret")
  if (!id || secretText(secret, "token-id") !== id || token === "") return undefined
  if (expiresInMs(secret, nowMs) === 0 || secretText(secret, "usage-bootstrap-signing") !== "true")
    return undefined
  return { id, secret: token }
}

export function keyOfToken(secret: Secret): readonly ObjectKey[] {
  const { namespace, name } = secret.metadata
  return isBootstrapToken(secret) ? [{ namespace, name }] : []
}
