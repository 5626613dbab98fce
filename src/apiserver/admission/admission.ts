import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import type { GroupVersionKind, KubeObject } from "../../apimachinery/meta.ts"
import type { ObjectSchema } from "../../apimachinery/schema.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { Cache } from "../../client/cache.ts"
import type { Client } from "../../client/client.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { Authorizer } from "../authorization/authorizer.ts"
import type { EquivalentResources } from "../registry/equivalent-resources.ts"
import type { AdmissionMetrics } from "../metrics/admission-metrics.ts"
import type { WebhookCaller } from "../webhooks/webhook-caller.ts"
import type { Reinvocation } from "./reinvocation.ts"

export type AdmissionOperation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT"

/** Undefined for DELETE, which has no new state. */
export type AdmittedObject = KubeObject | undefined

/** A write (or a CONNECT: exec, attach, portforward, proxy) on its way to the store. Objects are frozen. */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation
  /** The resource in the request's path. */
  readonly resource: Resource
  /** "" for the main resource. */
  readonly subresource: string
  /** Of `object`: another one than the resource's for subresources such as `binding`, `scale`, `eviction`. */
  readonly kind: GroupVersionKind & { readonly schema?: ObjectSchema }
  /** "" for cluster-scoped resources. */
  readonly namespace: string
  /** "" for a create with generateName whose name is not made yet. */
  readonly name: string
  /** The new state; for CONNECT the options; undefined for DELETE. */
  readonly object: KubeObject | undefined
  /** The state that is being replaced or deleted. */
  readonly oldObject: KubeObject | undefined
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions as they travel; nothing for CONNECT. */
  readonly options: Readonly<Record<string, unknown>>
  readonly user: UserInfo
  readonly dryRun: boolean
  /** Tells the client something that does not stop the request (a `Warning` header). */
  readonly warn?: (message: string) => void
  /**
   * Adds a note to the audit event: "pod-security.kubernetes.io/enforce-policy" = "baseline:latest".
   *
   * @param atLevel only where the event holds the request's body
   */
  readonly annotate?: (key: string, value: string, atLevel?: "Request") => void
  /** Told how long the request had to wait for what is not part of this server. */
  readonly waited?: (milliseconds: number) => void
  /** Aborts when nobody waits for the outcome any longer. */
  readonly signal?: AbortSignal
  /** Set by the chain while it mutates. */
  readonly reinvocation?: Reinvocation
}

/**
 * One rule about writes. Plugins run in the order of plugin-order.ts: every `mutate` first, then (after the resource's
 * own validation) every `validate`.
 */
export interface AdmissionPlugin {
  /** As `--enable-admission-plugins` names it: "LimitRanger". */
  readonly name: string
  /** What it wants to see; the chain asks it about nothing else. */
  readonly on: readonly AdmissionMatch[]
  /** Gives the object that replaces `attributes.object`: the same one, or a copy that differs. Throws StatusError. */
  mutate?(attributes: AdmissionAttributes): AdmittedObject | Promise<AdmittedObject>
  /** Throws StatusError to refuse. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>
}

export interface AdmissionMatch {
  readonly operations: readonly AdmissionOperation[]
  /**
   * "pods", "deployments.apps", "pods/exec" (a subresource is matched only when named; "pods/*": all of them).
   * @default everything, subresources included
   */
  readonly resources?: readonly string[]
}

/** What plugins are made of. */
export interface AdmissionContext {
  /** The server's own view, never behind this server's own writes. */
  readonly cache: Cache
  /** For what the cache may lag behind on (other API servers), and for the few plugins that write (ResourceQuota). */
  readonly client: Client
  readonly authorizer: Authorizer
  readonly equivalents: EquivalentResources
  readonly callWebhook: WebhookCaller
  readonly admissionMetrics: AdmissionMetrics
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** The whole of admission, as the verb handlers call it. */
export interface AdmissionChain {
  /** Runs the mutating plugins in order. Gives the final object (the same one when nothing changed). */
  mutate(attributes: AdmissionAttributes): Promise<KubeObject | undefined>
  /** Runs the validating plugins in order; throws the first refusal. */
  validate(attributes: AdmissionAttributes): Promise<void>
}
