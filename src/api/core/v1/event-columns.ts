import { formatAge } from "../../../apimachinery/human-duration.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Column } from "../../../apimachinery/resource.ts"
import { column, nameColumn, textOf, wideColumn } from "../../columns.ts"
import type { ObjectReference } from "./object-reference.ts"

/** What core/v1 and events.k8s.io/v1 say in different words. */
export interface EventFacts {
  readonly firstTimestamp?: string | null | undefined
  readonly lastTimestamp?: string | null | undefined
  readonly eventTime?: string | null | undefined
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null } | undefined
  readonly count?: number | undefined
  readonly type?: string | undefined
  readonly reason?: string | undefined
  readonly about: ObjectReference
  readonly component?: string | undefined
  readonly instance?: string | undefined
  readonly message?: string | undefined
}

export function eventColumns<T extends KubeObject>(factsOf: (event: T) => EventFacts): readonly Column<T>[] {
  const of = (cell: (facts: EventFacts, now: number) => string | number) => (event: T, now: number) =>
    cell(factsOf(event), now)
  return [
    column("Last Seen", textOf("core.v1.Event", "lastTimestamp"), of(formatLastSeen)),
    column(
      "Type",
      textOf("core.v1.Event", "type"),
      of(({ type = "" }) => type),
    ),
    column(
      "Reason",
      textOf("core.v1.Event", "reason"),
      of(({ reason = "" }) => reason),
    ),
    column("Object", "The object that this event is about.", of(formatObject)),
    wideColumn(
      "Subobject",
      textOf("core.v1.ObjectReference", "fieldPath"),
      of(({ about }) => about.fieldPath ?? ""),
    ),
    wideColumn(
      "Source",
      "The component reporting this event. Should be a short machine understandable string.",
      of(formatSource),
    ),
    column(
      "Message",
      textOf("core.v1.Event", "message"),
      of(({ message = "" }) => message.trim()),
    ),
    wideColumn("First Seen", textOf("core.v1.Event", "firstTimestamp"), of(formatFirstSeen)),
    wideColumn("Count", textOf("core.v1.Event", "count"), of(formatCount)),
    { ...nameColumn, priority: 1 },
  ]
}

function formatFirstSeen({ firstTimestamp, eventTime }: EventFacts, now: number): string {
  return formatAge(firstTimestamp || eventTime, now)
}

function formatLastSeen(facts: EventFacts, now: number): string {
  if (facts.series) return formatAge(facts.series.lastObservedTime, now)
  return facts.lastTimestamp ? formatAge(facts.lastTimestamp, now) : formatFirstSeen(facts, now)
}

function formatCount({ series, count }: EventFacts): number {
  return series ? (series.count ?? 0) : count || 1
}

function formatObject({ about }: EventFacts): string {
  const kind = (about.kind ?? "").toLowerCase()
  return about.name ? `${kind}/${about.name}` : kind
}

function formatSource({ component = "", instance }: EventFacts): string {
  return instance ? `${component}, ${instance}` : component
}
