import type {
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from "../../../api/authorization/v1/access-review.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { ExpiringCache } from "../../../client/expiring-cache.ts"
import type { PostToWebhook } from "../../webhooks/post-to-webhook.ts"
import { retryTransient } from "../../webhooks/retry-transient.ts"
import { type Attributes, type Authorizer, type Decision, noOpinion, type UserRules } from "../authorizer.ts"
import type { Conditions } from "./match-conditions.ts"
import { reviewSpecOf } from "./review-spec.ts"

export interface WebhookAuthorizerOptions {
  readonly name: string
  readonly post: PostToWebhook
  readonly version: "v1" | "v1beta1"
  readonly timeoutMs: number
  /** How long an answer is good; 0: it is asked for each time. */
  readonly allowedLifetimeMs: number
  readonly otherLifetimeMs: number
  /** What it means when the server cannot be asked. */
  readonly onError: "noOpinion" | "denied"
  /** The server is asked only about what fulfils all of them. */
  readonly conditions?: Conditions
  readonly clock: Clock
  readonly log: Logger
}

const cacheCapacity = 8192
/** Longer questions are not worth the memory, and whoever asks them may mean to fill it. */
const maxCachedQuestion = 10_000

/** Asks a server elsewhere (https://kubernetes.io/docs/reference/access-authn-authz/webhook/). */
export class WebhookAuthorizer implements Authorizer {
  readonly #options: WebhookAuthorizerOptions
  readonly #answers: ExpiringCache<SubjectAccessReviewStatus>

  constructor(options: WebhookAuthorizerOptions) {
    this.#options = options
    this.#answers = new ExpiringCache(options.clock, cacheCapacity)
  }

  async authorize(attributes: Attributes): Promise<Decision> {
    const spec = reviewSpecOf(attributes)
    try {
      if (!(this.#options.conditions?.hold(spec) ?? true)) return noOpinion
      return decisionOf(await this.#answerTo(spec))
    } catch (error) {
      const { onError, name, log } = this.#options
      log.error("the authorization webhook failed", { name, error: String(error) })
      return { decision: onError, reason: "", evaluationError: (error as Error).message }
    }
  }

  rulesFor(): UserRules {
    const evaluationError = "webhook authorizer does not support user rule resolution"
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError }
  }

  async #answerTo(spec: SubjectAccessReviewSpec): Promise<SubjectAccessReviewStatus> {
    const key = JSON.stringify(spec)
    const known = this.#answers.find(key)
    if (known) return known
    const { allowedLifetimeMs, otherLifetimeMs, clock } = this.#options
    const signal = new AbortController().signal
    const status = await retryTransient(clock, signal, () => this.#ask(spec, signal))
    if (key.length < maxCachedQuestion)
      this.#answers.set(key, status, status.allowed ? allowedLifetimeMs : otherLifetimeMs)
    return status
  }

  async #ask(spec: SubjectAccessReviewSpec, signal: AbortSignal): Promise<SubjectAccessReviewStatus> {
    const { post, version, timeoutMs } = this.#options
    const apiVersion = `authorization.k8s.io/${version}`
    const { groups, ...rest } = spec
    // The older version calls them "group".
    const sent = version === "v1" ? spec : { ...rest, ...(groups && { group: groups }) }
    const review = { kind: "SubjectAccessReview", apiVersion, metadata: {}, spec: sent }
    const answer = (await post(review, timeoutMs, signal)) as { status?: SubjectAccessReviewStatus }
    if (typeof answer?.status !== "object") throw new Error("the answer is no SubjectAccessReview")
    return answer.status
  }
}

function decisionOf({ allowed, denied, reason = "" }: SubjectAccessReviewStatus): Decision {
  if (denied && allowed) {
    const evaluationError = "webhook subject access review returned both allow and deny response"
    return { decision: "denied", reason, evaluationError }
  }
  return { decision: denied ? "denied" : allowed ? "allowed" : "noOpinion", reason }
}
