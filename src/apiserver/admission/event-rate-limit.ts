import type { Event as CoreEvent } from "../../api/core/v1/event.ts"
import type { Event } from "../../api/events/v1/event.ts"
import { tooManyRequestsOverall } from "../../apimachinery/status-errors.ts"
import { TokenBuckets } from "../../client/token-buckets.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"

/** How many events one kind of source may send (https://kubernetes.io/docs/reference/config-api/apiserver-eventratelimit.v1alpha1/). */
export interface EventLimit {
  readonly type: "Server" | "Namespace" | "User" | "SourceAndObject"
  readonly perSecond: number
  readonly burst: number
  /** Of how many sources something is remembered. */
  readonly capacity: number
}

/** Events must not drown the cluster that they tell about. */
export function eventRateLimit(
  { clock }: AdmissionContext,
  limits: readonly EventLimit[] = [],
): AdmissionPlugin {
  const buckets = limits.map((limit) => ({ limit, bucket: new TokenBuckets(limit) }))
  return {
    name: "EventRateLimit",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["events", "events.events.k8s.io"] }],
    validate(attributes) {
      if (attributes.dryRun) return
      const now = clock.monotonic()
      // Everybody counts it, also after one has said no.
      const reached = buckets.filter(({ limit, bucket }) => !bucket.take(keyOf(limit.type, attributes), now))
      const last = reached.at(-1)?.limit.type
      if (last)
        throw tooManyRequestsOverall(`limit reached on type ${last} for key ${keyOf(last, attributes)}`)
    },
  }
}

function keyOf(type: EventLimit["type"], { namespace, user, object }: AdmissionAttributes): string {
  switch (type) {
    case "Server":
      return ""
    case "Namespace":
      return namespace
    case "User":
      return user.name
    case "SourceAndObject":
      return sourceAndObject(object as unknown as Partial<CoreEvent & Event>)
  }
}

function sourceAndObject({
  source,
  involvedObject,
  regarding,
  reportingController,
}: Partial<CoreEvent & Event>): string {
  const { kind, namespace, name, uid, apiVersion } = involvedObject ?? regarding ?? {}
  const parts = [
    source?.component ?? reportingController,
    source?.host,
    kind,
    namespace,
    name,
    uid,
    apiVersion,
  ]
  return parts.map((part) => part ?? "").join("")
}
