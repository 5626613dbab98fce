import { formatMicroTime } from "../../apimachinery/time.ts"
import { Counter, type Metric } from "../../base/metrics.ts"
import type { Clock } from "../../base/clock.ts"
import type { RequestContext } from "../context.ts"
import { attributesOf } from "../stages/authorize.ts"
import { AuditRecord } from "./audit-record.ts"
import type { AuditEvent, AuditSink } from "./event.ts"
import { evaluatePolicy, type Verdict } from "./evaluate-policy.ts"
import type { Policy } from "./policy.ts"

/** Which requests are recorded, and where to. One per server. */
export class AuditTrail implements Pick<AuditSink, "write"> {
  readonly #policy: Policy
  readonly #sinks: readonly AuditSink[]
  readonly #clock: Clock
  readonly #events = new Counter({
    name: "apiserver_audit_event_total",
    help: "[ALPHA] Counter of audit events generated and sent to the audit backend.",
  })
  readonly #levels = new Counter({
    name: "apiserver_audit_level_total",
    help: "[ALPHA] Counter of policy levels for audit events (1 per request).",
    labels: ["level"],
  })

  constructor(options: { policy: Policy; sinks: readonly AuditSink[]; clock: Clock }) {
    this.#policy = options.policy
    this.#sinks = options.sinks
    this.#clock = options.clock
  }

  get metrics(): readonly Metric[] {
    return [this.#events, this.#levels]
  }

  /** The record of a request whose user is known; undefined when nothing of it is to be recorded. */
  begin(context: RequestContext): AuditRecord | undefined {
    const verdict: Verdict = evaluatePolicy(this.#policy, attributesOf(context))
    this.#levels.add(1, verdict.level)
    if (verdict.level === "None") return undefined
    return new AuditRecord(context, verdict, this)
  }

  write(event: AuditEvent): void {
    this.#events.add(1)
    for (const sink of this.#sinks) sink.write(event)
  }

  /** "2026-01-02T03:04:05.678000Z" */
  now(): string {
    return formatMicroTime(this.#clock.now())
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close()))
  }
}
