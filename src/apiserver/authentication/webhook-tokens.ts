import type { Clock } from "../../base/clock.ts"
import { ExpiringCache } from "../../client/expiring-cache.ts"
import type { PostToWebhook } from "../webhooks/post-to-webhook.ts"
import { retryTransient } from "../webhooks/retry-transient.ts"
import { type Authentication, CredentialError, type TokenAuthenticator } from "./authenticator.ts"
import type { ReviewedUser, TokenReviewStatus } from "./reviews.ts"

export interface WebhookTokensOptions {
  readonly post: PostToWebhook
  /** `--authentication-token-webhook-version` */
  readonly version: "v1" | "v1beta1"
  /** `--authentication-token-webhook-cache-ttl`; answers of either kind are good for so long. */
  readonly cacheLifetimeMs: number
  /** What tokens must be good for when the webhook does not speak of audiences. */
  readonly ownAudiences: readonly string[]
  readonly clock: Clock
}

const timeoutMs = 30_000
const cacheCapacity = 4096

/** Asks a server elsewhere whose token it is (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication). */
export class WebhookTokens implements TokenAuthenticator {
  readonly #options: WebhookTokensOptions
  readonly #answers: ExpiringCache<TokenReviewStatus>

  constructor(options: WebhookTokensOptions) {
    this.#options = options
    this.#answers = new ExpiringCache(options.clock, cacheCapacity)
  }

  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    const status = await this.#answerTo(token, audiences)
    if (!status.authenticated) {
      if (status.error) throw new CredentialError(status.error)
      return undefined
    }
    const told = status.audiences?.length ? status.audiences : this.#options.ownAudiences
    const common = audiences.filter((audience) => told.includes(audience))
    // The token may be somebody's, but it is not for us.
    if (audiences.length > 0 && common.length === 0) return undefined
    return { user: userOf(status.user), audiences: common }
  }

  async #answerTo(token: string, audiences: readonly string[]): Promise<TokenReviewStatus> {
    const key = JSON.stringify([token, audiences])
    const known = this.#answers.find(key)
    if (known) return known
    const { clock, cacheLifetimeMs } = this.#options
    const signal = new AbortController().signal
    const status = await retryTransient(clock, signal, () => this.#ask(token, audiences, signal))
    this.#answers.set(key, status, cacheLifetimeMs)
    return status
  }

  async #ask(token: string, audiences: readonly string[], signal: AbortSignal): Promise<TokenReviewStatus> {
    const { post, version } = this.#options
    const review = {
      kind: "TokenReview",
      apiVersion: `authentication.k8s.io/${version}`,
      metadata: {},
      spec: { token, ...(audiences.length > 0 && { audiences }) },
    }
    const answer = (await post(review, timeoutMs, signal)) as { status?: TokenReviewStatus }
    if (typeof answer?.status !== "object") throw new Error("the answer is no TokenReview")
    return answer.status
  }
}

function userOf({ username = "", uid, groups, extra }: ReviewedUser = {}): Authentication["user"] {
  return { name: username, ...(uid && { uid }), groups: groups ?? [], extra: extra ?? {} }
}
