import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { dnsSubdomain, type Errors, immutable, qualifiedName } from "../../validation/checks.ts"
import type { Event } from "../v1/event.ts"

// Two generations of events share their storage. The newer one, of events.k8s.io, is held to more.

const mismatch = "does not match event.namespace"
const limits = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const

export function* validateEvent(event: Event): Errors {
  yield* anyEvent(event, "reportingComponent")
}

function* anyEvent(event: Event, controllerField: string): Errors {
  const { metadata, involvedObject } = event
  const namespace = metadata.namespace ?? ""
  const of = involvedObject.namespace ?? ""
  const at = fieldPath("involvedObject", "namespace")
  if (!event.eventTime) {
    const isClusterWide = of === "" && (namespace === "" || namespace === "default")
    if (of !== namespace && !isClusterWide) yield invalidValue(at, of, mismatch)
  } else {
    const isSystem = namespace === "default" || namespace === "kube-system"
    if (of === "" && !isSystem) yield invalidValue(at, of, mismatch)
    yield* reporter(event, controllerField)
  }
  yield* dnsSubdomain(namespace, fieldPath("namespace"))
}

function* reporter(event: Event, controllerField: string): Errors {
  const { reportingComponent } = event
  const at = fieldPath(controllerField)
  if (!reportingComponent) yield requiredValue(at)
  yield* qualifiedName(reportingComponent, at)
  for (const name of ["reportingInstance", "action", "reason", "message"] as const) {
    const value = event[name]
    if (!value && name !== "message") yield requiredValue(fieldPath(name))
    if (utf8Length(value ?? "") <= limits[name]) continue
    yield invalidValue(fieldPath(name), "", `can have at most ${limits[name]} characters`)
  }
}

export function* validateNewEvent(event: Event): Errors {
  yield* anyEvent(event, "reportingController")
  yield* series(event)
  if (!event.eventTime) yield requiredValue("eventTime")
  const { type = "", source } = event
  if (type !== "Normal" && type !== "Warning") yield invalidValue("type", "", `has invalid value: ${type}`)
  for (const name of ["firstTimestamp", "lastTimestamp", "count"] as const) {
    if (event[name]) yield invalidValue(name, "", "needs to be unset")
  }
  if (source?.component || source?.host) yield invalidValue("source", "", "needs to be unset")
}

function* series({ series: repeated }: Event): Errors {
  if (!repeated) return
  if ((repeated.count ?? 0) < 2) yield invalidValue("series.count", "", "should be at least 2")
  if (!repeated.lastObservedTime) yield requiredValue("series.lastObservedTime")
}

const fixed = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "reason",
  "type",
  "eventTime",
  "action",
  "related",
] as const

export function* validateNewEventUpdate(event: Event, old: Event): Errors {
  yield* anyEvent(event, "reportingController")
  if (JSON.stringify(event.series) !== JSON.stringify(old.series)) yield* series(event)
  for (const name of fixed) {
    const isText = ["reason", "message", "type", "action"].includes(name)
    yield* immutable(
      event[name] || (isText ? "" : undefined),
      old[name] || (isText ? "" : undefined),
      fieldPath(name),
    )
  }
  yield* immutable(event.reportingComponent, old.reportingComponent, fieldPath("reportingController"))
  yield* immutable(event.reportingInstance, old.reportingInstance, fieldPath("reportingInstance"))
}
