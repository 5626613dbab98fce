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
import { objectFields } from "../../meta/v1/object-fields.ts"
import { ObjectReference } from "./object-reference.ts"
import { type EventFacts, eventColumns } from "./event-columns.ts"

export const EventSource = message("io.k8s.api.core.v1.EventSource", {
  component: field(1, string),
  host: field(2, string),
})
export interface EventSource extends Infer<typeof EventSource> {}

export const EventSeries = message("io.k8s.api.core.v1.EventSeries", {
  count: field(1, int32),
  lastObservedTime: always(2, microTime),
})
export interface EventSeries extends Infer<typeof EventSeries> {}

export const EventSchema = message("io.k8s.api.core.v1.Event", {
  ...objectFields,
  metadata: { ...objectFields.metadata, required: true },
  involvedObject: always(2, ObjectReference, { required: true }),
  reason: field(3, string),
  message: field(4, string),
  source: always(5, EventSource),
  firstTimestamp: always(6, time),
  lastTimestamp: always(7, time),
  count: field(8, int32),
  type: field(9, string),
  eventTime: always(10, microTime),
  series: optional(11, EventSeries),
  action: field(12, string),
  related: optional(13, ObjectReference),
  reportingComponent: always(14, string),
  reportingInstance: always(15, string),
})
/** Something that happened to an object, for people to read; kept for a while only. */
export interface Event extends Infer<typeof EventSchema> {}

export const Event = resource<Event>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  namespaced: true,
  shortNames: ["ev"],
  columns: eventColumns(factsOf),
  selectableFields: {
    "involvedObject.kind": ({ involvedObject }) => involvedObject.kind ?? "",
    "involvedObject.namespace": ({ involvedObject }) => involvedObject.namespace ?? "",
    "involvedObject.name": ({ involvedObject }) => involvedObject.name ?? "",
    "involvedObject.uid": ({ involvedObject }) => involvedObject.uid ?? "",
    "involvedObject.apiVersion": ({ involvedObject }) => involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": ({ involvedObject }) => involvedObject.fieldPath ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingComponent: ({ reportingComponent }) => reportingComponent,
    source: ({ source, reportingComponent }) => source.component || reportingComponent,
    type: ({ type }) => type ?? "",
  },
  schema: EventSchema,
})

function factsOf(event: Event): EventFacts {
  return {
    ...event,
    about: event.involvedObject,
    component: event.source.component || event.reportingComponent,
    instance: event.source.host || event.reportingInstance,
  }
}
