import type { Conversion } from "../../../apimachinery/resource.ts"
import type { Event as CoreEvent } from "../../core/v1/event.ts"
import type { Event } from "./event.ts"

/** The same event under other field names; stored as core/v1. */
export const eventConversion: Conversion<Event> = {
  toStored(event: Event): CoreEvent {
    const {
      regarding,
      note,
      reportingController,
      deprecatedSource,
      deprecatedFirstTimestamp,
      deprecatedLastTimestamp,
      deprecatedCount,
      ...same
    } = event
    return {
      ...same,
      involvedObject: regarding,
      message: note,
      source: deprecatedSource,
      firstTimestamp: deprecatedFirstTimestamp,
      lastTimestamp: deprecatedLastTimestamp,
      count: deprecatedCount,
      reportingComponent: reportingController ?? "",
      reportingInstance: same.reportingInstance ?? "",
    }
  },

  fromStored(stored): Event {
    const {
      involvedObject,
      message,
      source,
      firstTimestamp,
      lastTimestamp,
      count,
      reportingComponent,
      series,
      ...same
    } = stored as CoreEvent
    return {
      ...same,
      ...(series && { series: { ...series, count: series.count ?? 0 } }),
      regarding: involvedObject,
      note: message,
      deprecatedSource: source,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      deprecatedCount: count,
      reportingController: reportingComponent,
    }
  },
}
