import type { Clock } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import { formatTime, parseTime } from "../../apimachinery/time.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import type { Client } from "../../client/client.ts"

interface Token {
  readonly token: string
  readonly expiresAtMs: number
  /** When a new one is asked for: at 80 % of its life, or after a day. */
  readonly refreshAtMs: number
}

const maxAgeMs = 24 * 3600_000

/**
 * Tokens of pods' service accounts, asked for once and kept until they have to be renewed. A token is bound to its pod:
 * it is worth nothing once the pod is gone.
 */
export class ServiceAccountTokens {
  readonly #options: { readonly client: Client; readonly clock: Clock; readonly random: Random }
  readonly #tokens = new Map<string, Map<string, Token>>()

  constructor(options: { readonly client: Client; readonly clock: Clock; readonly random: Random }) {
    this.#options = options
  }

  /** A token and when it ends, as the API says it. */
  async getStatus(
    pod: Pod,
    audience: string,
    expirationSeconds: number,
  ): Promise<{ token: string; expirationTimestamp: string }> {
    const { token, expiresAtMs } = await this.#current(pod, audience, expirationSeconds)
    return { token, expirationTimestamp: formatTime(expiresAtMs) }
  }

  async get(pod: Pod, audience: string, expirationSeconds: number): Promise<string> {
    return (await this.#current(pod, audience, expirationSeconds)).token
  }

  async #current(pod: Pod, audience: string, expirationSeconds: number): Promise<Token> {
    const { clock } = this.#options
    const ofPod = this.#tokens.get(pod.metadata.uid) ?? new Map<string, Token>()
    this.#tokens.set(pod.metadata.uid, ofPod)
    const key = `${audience} ${expirationSeconds}`
    const known = ofPod.get(key)
    if (known && clock.now() < known.refreshAtMs) return known
    try {
      const fresh = await this.#request(pod, audience, expirationSeconds)
      ofPod.set(key, fresh)
      return fresh
    } catch (error) {
      // An old token that still works beats none.
      if (known && clock.now() < known.expiresAtMs) return known
      throw new Error(`failed to fetch token: ${(error as Error).message}`, { cause: error })
    }
  }

  /** When the first of the pod's tokens has to be renewed. */
  refreshAtMs(podUid: string): number | undefined {
    const times = [...(this.#tokens.get(podUid)?.values() ?? [])].map((token) => token.refreshAtMs)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  forget(podUid: string): void {
    this.#tokens.delete(podUid)
  }

  async #request(pod: Pod, audience: string, expirationSeconds: number): Promise<Token> {
    const { client, clock, random } = this.#options
    const { name, namespace = "", uid } = pod.metadata
    const requestedAtMs = clock.now()
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: pod.spec.serviceAccountName ?? "default", namespace },
      spec: {
        ...(audience && { audiences: [audience] }),
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    }
    const key = { namespace, name: pod.spec.serviceAccountName ?? "default" }
    const { status } = await client.createSubresource<TokenRequest>(ServiceAccount, key, "token", body)
    const expiresAtMs = parseTime(status.expirationTimestamp)
    const lifeMs = expiresAtMs - requestedAtMs
    // Spread a little, so that the tokens of a thousand pods are not renewed in the same second.
    const jitterMs = random.next() * 10_000
    const refreshAtMs = Math.min(requestedAtMs + lifeMs * 0.8, requestedAtMs + maxAgeMs) - jitterMs
    return { token: status.token, expiresAtMs, refreshAtMs }
  }
}

interface TokenRequest {
  readonly status: { readonly token: string; readonly expirationTimestamp: string }
}
