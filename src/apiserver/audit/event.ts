import type { Status } from "../../apimachinery/status-error.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { Level, Stage } from "./policy.ts"

/** One moment of one request, as it is recorded: `audit.k8s.io/v1` Event, fields in the order in which upstream writes them. */
export interface AuditEvent {
  readonly kind: "Event"
  readonly apiVersion: "audit.k8s.io/v1"
  readonly level: Level
  readonly auditID: string
  readonly stage: Stage
  readonly requestURI: string
  readonly verb: string
  readonly user: AuditUser
  readonly impersonatedUser?: AuditUser
  /** By which permission somebody acts as another, where it is one of the narrow ones. */
  readonly authenticationMetadata?: { readonly impersonationConstraint: string }
  readonly sourceIPs?: readonly string[]
  readonly userAgent?: string
  readonly objectRef?: AuditObjectReference
  readonly responseStatus?: AuditStatus
  readonly requestObject?: unknown
  readonly responseObject?: unknown
  readonly requestReceivedTimestamp: string
  readonly stageTimestamp: string
  readonly annotations?: Readonly<Record<string, string>>
}

export interface AuditUser {
  readonly username?: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: UserInfo["extra"]
}

export interface AuditObjectReference {
  readonly resource?: string
  readonly namespace?: string
  readonly name?: string
  readonly uid?: string
  readonly apiGroup?: string
  readonly apiVersion?: string
  readonly resourceVersion?: string
  readonly subresource?: string
}

export type AuditStatus = Partial<Status> & { readonly metadata: object; readonly code: number }

/** Where events go. Must not throw, and must not keep the request waiting. */
export interface AuditSink {
  write(event: AuditEvent): void
  /** Resolves when everything that was written is out, or given up. */
  close(): Promise<void>
}

export function toAuditUser({ name, uid, groups, extra }: UserInfo): AuditUser {
  return {
    username: name,
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}
