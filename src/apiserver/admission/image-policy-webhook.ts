import type { Pod } from "../../api/core/v1/pod.ts"
import { ExpiringCache } from "../../client/expiring-cache.ts"
import type { PostToWebhook } from "../webhooks/post-to-webhook.ts"
import { retryTransient } from "../webhooks/retry-transient.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

export interface ImagePolicyOptions {
  readonly post: PostToWebhook
  /** How long an answer is good for. */
  readonly allowLifetimeMs: number
  readonly denyLifetimeMs: number
  /** Before the second attempt; longer before each further one. */
  readonly retryBackoffMs: number
  /** What holds when nobody answers. */
  readonly defaultAllow: boolean
}

interface ReviewSpec {
  readonly containers?: readonly { readonly image: string }[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly namespace: string
}

interface ReviewStatus {
  readonly allowed?: boolean
  readonly reason?: string
  readonly auditAnnotations?: Readonly<Record<string, string>>
}

const timeoutMs = 30_000
const cacheCapacity = 1024
const auditPrefix = "imagepolicywebhook.image-policy.k8s.io/"

/**
 * Asks a server elsewhere whether a pod may run the images that it names
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook).
 *
 * @param options undefined: it has been told nothing, so that it cannot be switched on
 */
export function imagePolicyWebhook(
  { clock }: AdmissionContext,
  options: ImagePolicyOptions | undefined,
): AdmissionPlugin {
  const answers = new ExpiringCache<ReviewStatus>(clock, cacheCapacity)

  const ask = async (spec: ReviewSpec, { post, ...told }: ImagePolicyOptions): Promise<ReviewStatus> => {
    const key = JSON.stringify(spec)
    const known = answers.find(key)
    if (known) return known
    const { signal } = new AbortController()
    const review = { kind: "ImageReview", apiVersion: "imagepolicy.k8s.io/v1alpha1", metadata: {}, spec }
    const answer = (await retryTransient(
      clock,
      signal,
      () => post({ ...review, status: { allowed: false } }, timeoutMs, signal),
      told.retryBackoffMs,
    )) as { readonly status?: ReviewStatus }
    const status = answer.status ?? {}
    answers.set(key, status, status.allowed ? told.allowLifetimeMs : told.denyLifetimeMs)
    return status
  }

  return {
    name: "ImagePolicyWebhook",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["pods", "pods/ephemeralcontainers"] }],
    async validate(attributes) {
      if (!options) return
      const status = await ask(specOf(attributes), options).catch((error: unknown) => {
        if (!options.defaultAllow) throw refuse(attributes, (error as Error).message)
        attributes.annotate?.(`${auditPrefix}failed-open`, "true")
        return undefined
      })
      if (!status) return
      for (const [key, value] of Object.entries(status.auditAnnotations ?? {}))
        attributes.annotate?.(auditPrefix + key, value)
      if (!status.allowed) throw refuse(attributes, whyDenied(status))
    },
  }
}

function specOf({ object, subresource, namespace }: AdmissionAttributes): ReviewSpec {
  const { metadata, spec } = object as Pod
  const { containers, initContainers = [], ephemeralContainers = [] } = spec
  const reviewed = subresource === "" ? [...containers, ...initContainers] : ephemeralContainers
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) =>
    key.includes(".image-policy.k8s.io/"),
  )
  return {
    ...(reviewed.length > 0 && { containers: reviewed.map(({ image = "" }) => ({ image })) }),
    ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    namespace,
  }
}

function whyDenied({ reason }: ReviewStatus): string {
  return reason
    ? `image policy webhook backend denied one or more images: ${reason}`
    : "one or more images rejected by webhook backend"
}
