import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Status } from "../../apimachinery/status-error.ts"
import { formatGroupVersion, parseGroupVersion } from "../../apimachinery/meta.ts"
import type { RequestContext } from "../context.ts"
import { headerOf } from "../http/request.ts"
import type { ServerResponse } from "../http/response.ts"
import type { AuditTrail } from "./audit-trail.ts"
import { type AuditEvent, type AuditObjectReference, type AuditStatus, toAuditUser } from "./event.ts"
import type { Verdict } from "./evaluate-policy.ts"
import { levels, type Stage } from "./policy.ts"
import { withoutManagedFields } from "./without-managed-fields.ts"

const maxUserAgent = 1024

/** What is known of one request so far; each stage writes it down as it is then. */
export class AuditRecord {
  readonly #context: RequestContext
  readonly #verdict: Verdict
  readonly #trail: AuditTrail
  readonly #receivedAt: string
  readonly #user: RequestContext["user"]
  #objectRef: AuditObjectReference | undefined
  #requestObject: unknown
  #responseObject: unknown
  #responseStatus: AuditStatus | undefined

  constructor(context: RequestContext, verdict: Verdict, trail: AuditTrail) {
    this.#context = context
    this.#verdict = verdict
    this.#trail = trail
    this.#receivedAt = trail.now()
    // Whoever is impersonated later on, this is who asks.
    this.#user = context.user
    this.#objectRef = context.info.isResource ? referenceOf(context.info) : undefined
  }

  /** The body as it was understood. Call it once, before the object is changed: it is copied when it is recorded. */
  request(body: unknown): void {
    this.#completeReference(body ?? {})
    if (this.reaches("Request")) this.#requestObject = this.#copyOf(body)
  }

  /** What was answered; of a stream, how it began. */
  response({ status, body }: ServerResponse): void {
    const value = body.kind === "object" ? body.value() : undefined
    if (isStatus(value)) this.status(value)
    else this.#responseStatus = { metadata: {}, code: status }
    if (value && this.#context.info.isResource && this.reaches("RequestResponse"))
      this.#responseObject = this.#copyOf(value)
  }

  status({ status, message, reason, details, code }: Partial<Status>): void {
    this.#responseStatus = {
      metadata: {},
      ...(status && { status }),
      ...(message && { message }),
      ...(reason && { reason }),
      ...(details && { details }),
      code: code ?? 200,
    }
  }

  /** Whether events hold as much as this level says. */
  reaches(level: Verdict["level"]): boolean {
    return levels.indexOf(this.#verdict.level) >= levels.indexOf(level)
  }

  /** Writes the record down, unless this stage is left out. */
  write(stage: Stage): void {
    if (this.#verdict.omitStages.has(stage)) return
    const stageTimestamp = stage === "RequestReceived" ? this.#receivedAt : this.#trail.now()
    this.#trail.write(this.#event(stage, stageTimestamp))
  }

  #event(stage: Stage, stageTimestamp: string): AuditEvent {
    const { request, info, user, annotations, auditId, impersonationConstraint } = this.#context
    const query = request.query.toString()
    const userAgent = headerOf(request.headers, "user-agent").slice(0, maxUserAgent)
    return {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: this.#verdict.level,
      auditID: auditId,
      stage,
      requestURI: query ? `${request.path}?${query}` : request.path,
      verb: info.verb,
      user: toAuditUser(this.#user),
      ...(user !== this.#user && { impersonatedUser: toAuditUser(user) }),
      ...(impersonationConstraint && { authenticationMetadata: { impersonationConstraint } }),
      sourceIPs: sourceAddresses(request),
      ...(userAgent && { userAgent }),
      ...(this.#objectRef && { objectRef: this.#objectRef }),
      ...(this.#responseStatus && { responseStatus: this.#responseStatus }),
      ...(this.#requestObject !== undefined && { requestObject: this.#requestObject }),
      ...(this.#responseObject !== undefined && { responseObject: this.#responseObject }),
      requestReceivedTimestamp: this.#receivedAt,
      stageTimestamp,
      ...(annotations.size > 0 && { annotations: Object.fromEntries([...annotations].sort(byKey)) }),
    }
  }

  #copyOf(value: unknown): unknown {
    const copy = JSON.parse(JSON.stringify(value)) as unknown
    return this.#verdict.omitManagedFields ? withoutManagedFields(copy) : copy
  }

  /** A create names its object in the body alone. */
  #completeReference({ apiVersion, metadata }: Partial<KubeObject>): void {
    const reference = this.#objectRef
    if (!reference || typeof metadata !== "object" || metadata === null) return
    const { namespace, name, uid, resourceVersion } = metadata
    const type = parseGroupVersion(typeof apiVersion === "string" ? apiVersion : "")
    this.#objectRef = pruned({
      ...reference,
      namespace: reference.namespace || namespace,
      name: reference.name || name,
      uid,
      apiGroup: reference.apiGroup || type.group,
      apiVersion: reference.apiVersion || type.version,
      resourceVersion,
    })
  }
}

function referenceOf(info: RequestContext["info"]): AuditObjectReference {
  const { resource, namespace, name, group: apiGroup, version: apiVersion, subresource } = info
  return pruned({
    resource,
    namespace,
    name,
    uid: "",
    apiGroup,
    apiVersion,
    resourceVersion: "",
    subresource,
  })
}

/** Go leaves empty fields out. */
function pruned(fields: Readonly<Record<string, string | undefined>>): AuditObjectReference {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value))
}

function isStatus(value: unknown): value is Status {
  const { kind, apiVersion } = (value ?? {}) as { kind?: unknown; apiVersion?: unknown }
  return kind === "Status" && apiVersion === formatGroupVersion({ group: "", version: "v1" })
}

/** Proxies on the way say whom they speak for; the last one is who really called. */
function sourceAddresses({ headers, remoteAddress }: RequestContext["request"]): string[] {
  const told = [...headerOf(headers, "x-forwarded-for").split(","), headerOf(headers, "x-real-ip")]
  const addresses = [...told.map((each) => each.trim()), remoteAddress ?? "127.0.0.1"]
  return [...new Set(addresses.filter((each) => /^[0-9a-fA-F.:]+$/.test(each)))]
}

function byKey([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : 1
}
