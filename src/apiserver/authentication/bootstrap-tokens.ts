import type { Clock } from "../../base/clock.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { type Authentication, type TokenAuthenticator } from "./authenticator.ts"
import { forAnyAudience } from "./static-tokens.ts"

/** What is read of a Secret: values are base64. */
export interface SecretData extends KubeObject {
  readonly type?: string | undefined
  readonly data?: Readonly<Record<string, string>> | undefined
}

export interface BootstrapTokenOptions {
  /** The Secret of that name in kube-system. */
  readonly findSecret: (name: string) => SecretData | undefined | Promise<SecretData | undefined>
  readonly ownAudiences: readonly string[]
  readonly clock: Clock
}

const group = "system:bootstrappers"
const extraGroupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

/**
 * Tokens with which a new machine asks for its first certificate: `abcdef.0123456789abcdef`, kept in Secrets of
 * kube-system (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/).
 */
export function bootstrapTokens(options: BootstrapTokenOptions): TokenAuthenticator {
  return {
    async authenticateToken(
      token: string,
      audiences: readonly string[],
    ): Promise<Authentication | undefined> {
      const match = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token)
      if (!match) return undefined
      const [, id, secretPart] = match as unknown as [string, string, string]
      const secret = await options.findSecret(`bootstrap-token-${id}`)
      const groups = secret && groupsOf(secret, id, secretPart, options.clock.now())
      if (!groups) return undefined
      const user = { name: `system:bootstrap:${id}`, groups, extra: {} }
      return forAnyAudience(user, audiences, options.ownAudiences)
    },
  }
}

function groupsOf(secret: SecretData, id: string, secretPart: string, nowMs: number): string[] | undefined {
  const data = (key: string) => atob(secret.data?.[key] ?? "")
  if (secret.metadata.deletionTimestamp || secret.type !== "bootstrap.kubernetes.io/token") return undefined
  if (!equalInConstantTime(data("token-secret"), secretPart) || data("token-id") !== id) return undefined
  if (data("usage-bootstrap-authentication") !== "true") return undefined
  const expiration = data("expiration")
  // An expiration that is not a time counts as passed.
  if (expiration !== "" && !(Date.parse(expiration) > nowMs)) return undefined
  const extra = data("auth-extra-groups")
    .split(",")
    .filter((name) => name !== "")
  return extra.every((name) => extraGroupPattern.test(name)) ? [group, ...extra] : undefined
}

function equalInConstantTime(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  return difference === 0
}
