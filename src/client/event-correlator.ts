import type { ObjectReference } from "./event-recorder.ts"
import { LeastRecentlyUsed } from "./least-recently-used.ts"
import { TokenBuckets } from "./token-buckets.ts"

/** What a component wants to say, before it is known whether it is new. */
export interface Occurrence {
  readonly about: ObjectReference
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
  /** For programs. They make no other event of it. */
  readonly annotations?: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly atMs: number
}

/** An Event object as it should be on the server. */
export interface CorrelatedEvent {
  readonly occurrence: Occurrence
  readonly namespace: string
  readonly name: string
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
  readonly message: string
}

export type Verdict =
  | { readonly kind: "drop" }
  | { readonly kind: "create"; readonly event: CorrelatedEvent; readonly key: string }
  | { readonly kind: "count"; readonly event: CorrelatedEvent; readonly key: string }

interface Group {
  readonly messages: Set<string>
  lastMs: number
}

/**
 * Keeps a talkative component from flooding the server, by upstream's rules
 * (https://pkg.go.dev/k8s.io/client-go/tools/record#EventCorrelator):
 * 1. Ten different messages under one reason within ten minutes are alike: from then on they become one event,
 *    "(combined from similar events): ...".
 * 2. The same event again adds to its count.
 * 3. Events about one object may come 25 at once, then one in five minutes; the rest is counted but not sent.
 * Memory is bounded: the 4096 least recently used of each are forgotten.
 */
export class EventCorrelator {
  readonly #buckets = new TokenBuckets({ burst: 25, perSecond: 1 / 300, capacity: 4096 })
  readonly #groups = new LeastRecentlyUsed<Group>(4096)
  readonly #known = new LeastRecentlyUsed<CorrelatedEvent>(4096)

  correlate(occurrence: Occurrence, name: () => string): Verdict {
    const { about, type, reason, atMs } = occurrence
    const aboutKey = [about.kind, about.namespace, about.name, about.uid, about.apiVersion].join("\0")
    const groupKey = [aboutKey, type, reason].join("\0")
    const combined = this.#isCombined(groupKey, occurrence)
    const key = combined ? groupKey : [groupKey, about.fieldPath, occurrence.message].join("\0")
    const message = combined ? `(combined from similar events): ${occurrence.message}` : occurrence.message

    const known = this.#known.get(key)
    const event: CorrelatedEvent = {
      occurrence,
      namespace: known?.namespace ?? (about.namespace || "default"),
      name: known?.name ?? name(),
      firstMs: known?.firstMs ?? atMs,
      lastMs: atMs,
      count: (known?.count ?? 0) + 1,
      message,
    }
    this.#known.set(key, event)
    if (!this.#buckets.take(aboutKey, atMs)) return { kind: "drop" }
    return { kind: known ? "count" : "create", event, key }
  }

  /** The server does not have this event any more: the next one starts anew. */
  forget(key: string): void {
    this.#known.delete(key)
  }

  #isCombined(groupKey: string, occurrence: Occurrence): boolean {
    let group = this.#groups.get(groupKey)
    if (!group || occurrence.atMs - group.lastMs > 600_000) group = { messages: new Set(), lastMs: 0 }
    group.lastMs = occurrence.atMs
    group.messages.add(occurrence.message)
    this.#groups.set(groupKey, group)
    if (group.messages.size < 10) return false
    // Keep nine, so that memory is bounded and the next new message is the tenth again.
    group.messages.delete(group.messages.values().next().value!)
    return true
  }
}
