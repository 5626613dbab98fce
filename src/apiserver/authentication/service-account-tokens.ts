import type { Clock } from "../../base/clock.ts"
import { quote } from "../../base/quote.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { LeastRecentlyUsed } from "../../client/least-recently-used.ts"
import { type Authentication, CredentialError, type TokenAuthenticator } from "./authenticator.ts"
import { extraKeys, serviceAccountGroups, serviceAccountUserName } from "./service-account-user.ts"
import { type ObjectClaim, readClaims, type TokenClaims, type TokenKeys } from "./token-claims.ts"

export type BoundKind = "ServiceAccount" | "Pod" | "Secret" | "Node"

/** The object of that name as it is now, or undefined. Should look beyond a cache that may lag behind other servers. */
export type FindBound = (
  kind: BoundKind,
  namespace: string,
  name: string,
) => KubeObject | undefined | Promise<KubeObject | undefined>

export interface ServiceAccountTokenOptions {
  /** The first one is written into new tokens; the others are still accepted. */
  readonly issuers: readonly string[]
  /** The API server's own. */
  readonly audiences: readonly string[]
  readonly keys: TokenKeys
  readonly findBound: FindBound
  readonly clock: Clock
}

const leewayMs = 60_000

/**
 * Judges the tokens of ServiceAccounts. The signature is checked once per token and then remembered: it stays right for
 * ever. What can change is checked each time and costs no more than a few look-ups: the time, and whether the account,
 * and the pod, Secret or node the token is bound to, still exist.
 */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions
  readonly #verified = new LeastRecentlyUsed<TokenClaims>(4096)

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const claims = this.#verify(token)
    if (!claims) return undefined
    const common = this.#commonAudiences(claims, audiences)
    this.#checkTimes(claims)
    await this.#checkBoundObjects(claims)
    return { user: userOf(claims), audiences: common, ...this.#staleness(claims) }
  }

  #verify(token: string): TokenClaims | undefined {
    const known = this.#verified.get(token)
    if (known) return known
    const { issuers, keys } = this.#options
    const told = readClaims(token)
    if (!told || !issuers.includes(told.iss)) return undefined
    const claims = keys.verify(token)
    this.#verified.set(token, claims)
    return claims
  }

  #commonAudiences(claims: TokenClaims, wanted: readonly string[]): string[] {
    const own = claims.aud === undefined ? this.#options.audiences : [claims.aud].flat()
    const common = own.filter((audience) => wanted.includes(audience))
    if (common.length === 0 && this.#options.audiences.length > 0) {
      const list = (names: readonly string[]) => `[${names.map(quote).join(" ")}]`
      throw new CredentialError(
        `token audiences ${list(own)} is invalid for the target audiences ${list(wanted)}`,
      )
    }
    return common
  }

  #checkTimes({ exp, nbf, iat }: TokenClaims): void {
    const now = this.#options.clock.now()
    if (exp !== undefined && now > exp * 1000 + leewayMs)
      throw new CredentialError("service account token has expired")
    if (nbf !== undefined && now < nbf * 1000 - leewayMs)
      throw new CredentialError("service account token is not valid yet")
    if (iat !== undefined && now < iat * 1000 - leewayMs)
      throw new CredentialError("service account token is issued in the future")
  }

  /** A token that should have been replaced by now is taken, and whoever looks into such things can find out. */
  #staleness(claims: TokenClaims): Pick<Authentication, "annotations"> {
    const { warnafter = 0 } = claims["kubernetes.io"] ?? {}
    const seconds = Math.floor(this.#options.clock.now() / 1000) - warnafter
    if (warnafter === 0 || seconds <= 0) return {}
    const text = `subject: ${claims.sub}, seconds after warning threshold: ${seconds}`
    return { annotations: { "authentication.k8s.io/stale-token": text } }
  }

  async #checkBoundObjects(claims: TokenClaims): Promise<void> {
    const { namespace, serviceaccount, pod, secret, node } = claims["kubernetes.io"] ?? {}
    if (!namespace || !serviceaccount)
      throw new CredentialError("service account token claims could not be validated")
    const account = await this.#options.findBound("ServiceAccount", namespace, serviceaccount.name)
    if (!account) throw new CredentialError(`serviceaccounts ${quote(serviceaccount.name)} not found`)
    if (account.metadata.uid !== serviceaccount.uid)
      throw new CredentialError(
        `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`,
      )
    if (this.#isGone(account))
      throw new CredentialError(`service account ${namespace}/${serviceaccount.name} has been deleted`)
    if (secret) await this.#checkBound("Secret", namespace, secret)
    if (pod) await this.#checkBound("Pod", namespace, pod)
    // A pod's token merely tells its node; only a token bound to the node itself ends with it.
    else if (node) await this.#checkBound("Node", "", { uid: "", ...node })
  }

  async #checkBound(kind: BoundKind, namespace: string, claim: ObjectClaim): Promise<void> {
    const bound = await this.#options.findBound(kind, namespace, claim.name)
    if (!bound || this.#isGone(bound)) throw new CredentialError("service account token has been invalidated")
    if (bound.metadata.uid === claim.uid) return
    const what = kind === "Node" ? "node" : kind.toLowerCase()
    throw new CredentialError(
      `${what} UID (${bound.metadata.uid}) does not match service account ${what} ref claim (${claim.uid})`,
    )
  }

  #isGone({ metadata: { deletionTimestamp } }: KubeObject): boolean {
    return (
      deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < this.#options.clock.now() - leewayMs
    )
  }
}

function userOf(claims: TokenClaims): Authentication["user"] {
  const { namespace, serviceaccount, pod, node } = claims["kubernetes.io"]!
  return {
    name: serviceAccountUserName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    extra: {
      ...(claims.jti && { [extraKeys.credentialId]: [`JTI=${claims.jti}`] }),
      ...(node && { [extraKeys.nodeName]: [node.name] }),
      ...(node?.uid && { [extraKeys.nodeUid]: [node.uid] }),
      ...(pod && { [extraKeys.podName]: [pod.name], [extraKeys.podUid]: [pod.uid] }),
    },
  }
}
