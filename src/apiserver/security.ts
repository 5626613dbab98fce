import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Cache } from "../client/cache.ts"
import type { Client } from "../client/client.ts"
import type { AdmissionChain } from "./admission/admission.ts"
import type { RequestAuthenticator } from "./authentication/authenticate-request.ts"
import type { Authenticator } from "./authentication/authenticator.ts"
import type { PublicDocument } from "./authentication/issuer-discovery.ts"
import type { TokenIssuerOptions } from "./authentication/token-request.ts"
import type { Authorizer } from "./authorization/authorizer.ts"
import type { ObjectFollower } from "./authorization/object-follower.ts"
import type { AccessMetrics } from "./metrics/access-metrics.ts"
import type { AdmissionMetrics } from "./metrics/admission-metrics.ts"
import type { KeyProofs } from "./registry/strategies/key-proofs.ts"
import type { EquivalentResources } from "./registry/equivalent-resources.ts"
import type { WebhookCaller } from "./webhooks/webhook-caller.ts"

/** What the parts that guard the door may use of the server they guard. */
export interface SecurityContext {
  /** The server's own view, never behind this server's own writes. */
  readonly cache: Cache
  /** As system:apiserver, which may do anything. */
  readonly client: Client
  readonly callWebhook: WebhookCaller
  readonly equivalents: EquivalentResources
  readonly admissionMetrics: AdmissionMetrics
  readonly accessMetrics: AccessMetrics
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Who may come in, what they may do, and what may be written. */
export interface Security {
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly admission: AdmissionChain
  /** Told of every change of the resources they name, and of all objects before the first request. */
  readonly followers?: readonly ObjectFollower[]
  /** Makes the tokens of `serviceaccounts/token`; without it there are none. */
  readonly tokenIssuer?: TokenIssuerOptions
  /** Judges the tokens of TokenReviews; without it there are none. */
  readonly tokenReviewer?: {
    readonly authenticator: RequestAuthenticator
    readonly audiences: readonly string[]
  }
  /** What it needs to find in the cluster: the default roles and their bindings. */
  readonly startHooks?: readonly ((client: Client) => Promise<void>)[]
  /** Checks that who asks for a certificate has the key; without it the signer finds out. */
  readonly keyProofs?: KeyProofs
  /** Served to anyone who may read their paths: how others check our tokens. */
  readonly documents?: readonly PublicDocument[]
}

export type CreateSecurity = (context: SecurityContext) => Security
