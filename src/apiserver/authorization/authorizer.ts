import type { UserInfo } from "../authentication/authenticator.ts"

/** What someone wants to do. */
export type Attributes = ResourceAttributes | PathAttributes

export interface ResourceAttributes {
  readonly user: UserInfo
  /** "get", "list", "watch", "create", ..., or one of its own ("bind", "escalate", "impersonate", "use"). */
  readonly verb: string
  /** "" for cluster-scoped requests and for all namespaces. */
  readonly namespace: string
  readonly apiGroup: string
  readonly apiVersion: string
  readonly resource: string
  /** "" for the main resource. */
  readonly subresource: string
  /** "" for collections. */
  readonly name: string
  readonly path?: undefined
  /** The parsed selectors of a list, watch or deletecollection, where they are plain requirements. */
  readonly fieldSelector?: readonly SelectorRequirement[]
  readonly labelSelector?: readonly SelectorRequirement[]
}

export interface SelectorRequirement {
  readonly key: string
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist"
  readonly values: readonly string[]
}

/** A request that is not about a resource: "/healthz", "/apis". The verb is the HTTP method in lower case. */
export interface PathAttributes {
  readonly user: UserInfo
  readonly verb: string
  readonly path: string
}

export interface Decision {
  readonly decision: "allowed" | "denied" | "noOpinion"
  /** Why, for audit and for the refusal; may be "". */
  readonly reason: string
  /** Something went wrong on the way (a role that is missing); the decision stands. */
  readonly evaluationError?: string
}

export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
}

export interface NonResourceRule {
  readonly verbs: readonly string[]
  readonly nonResourceURLs: readonly string[]
}

/** What a user may do in a namespace, as SelfSubjectRulesReview tells it. */
export interface UserRules {
  readonly resourceRules: readonly ResourceRule[]
  readonly nonResourceRules: readonly NonResourceRule[]
  /** Some authorizer cannot list its rules, or a role is missing. */
  readonly incomplete: boolean
  readonly evaluationError?: string
}

/** RBAC and Node answer at once from memory; a webhook answers later. Callers `await` either. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision | Promise<Decision>
  rulesFor(user: UserInfo, namespace: string): UserRules | Promise<UserRules>
}

export const noOpinion: Decision = { decision: "noOpinion", reason: "" }
