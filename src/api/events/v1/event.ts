import { resource } from "../../../apimachinery/resource.ts"
import {
  always,
  field,
  type Infer,
  int32,
  message,
  microTime,
  optional,
  string,
  time,
} from "../../../apimachinery/schema.ts"
import { EventSource } from "../../core/v1/event.ts"
import { ObjectReference } from "../../core/v1/object-reference.ts"
import { objectFields } from "../../meta/v1/object-fields.ts"
import { type EventFacts, eventColumns } from "../../core/v1/event-columns.ts"
import { eventConversion } from "./event-conversion.ts"

export const EventSeries = message("io.k8s.api.events.v1.EventSeries", {
  count: always(1, int32, { required: true }),
  lastObservedTime: always(2, microTime, { required: true }),
})
export interface EventSeries extends Infer<typeof EventSeries> {}

export const EventSchema = message("io.k8s.api.events.v1.Event", {
  ...objectFields,
  eventTime: always(2, microTime, { required: true }),
  series: optional(3, EventSeries),
  reportingController: field(4, string),
  reportingInstance: field(5, string),
  action: field(6, string),
  reason: field(7, string),
  regarding: always(8, ObjectReference),
  related: optional(9, ObjectReference),
  note: field(10, string),
  type: field(11, string),
  deprecatedSource: always(12, EventSource),
  deprecatedFirstTimestamp: always(13, time),
  deprecatedLastTimestamp: always(14, time),
  deprecatedCount: field(15, int32),
})
/** Something that happened to an object, for people to read; kept for a while only. */
export interface Event extends Infer<typeof EventSchema> {}

export const Event = resource<Event>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  namespaced: true,
  shortNames: ["ev"],
  storedAs: { group: "", version: "v1" },
  conversion: eventConversion,
  columns: eventColumns(factsOf),
  selectableFields: {
    "regarding.kind": ({ regarding }) => regarding.kind ?? "",
    "regarding.namespace": ({ regarding }) => regarding.namespace ?? "",
    "regarding.name": ({ regarding }) => regarding.name ?? "",
    "regarding.uid": ({ regarding }) => regarding.uid ?? "",
    "regarding.apiVersion": ({ regarding }) => regarding.apiVersion ?? "",
    "regarding.resourceVersion": ({ regarding }) => regarding.resourceVersion ?? "",
    "regarding.fieldPath": ({ regarding }) => regarding.fieldPath ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingController: ({ reportingController }) => reportingController ?? "",
    type: ({ type }) => type ?? "",
  },
  schema: EventSchema,
})

function factsOf(event: Event): EventFacts {
  return {
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    eventTime: event.eventTime,
    series: event.series,
    count: event.deprecatedCount,
    type: event.type,
    reason: event.reason,
    about: event.regarding,
    component: event.deprecatedSource.component || event.reportingController,
    instance: event.deprecatedSource.host || event.reportingInstance,
    message: event.note,
  }
}
