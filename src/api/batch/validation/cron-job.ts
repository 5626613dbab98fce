import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { parseDuration } from "../../../apimachinery/duration.ts"
import { parseCronSchedule } from "../../../base/cron-schedule.ts"
import { isTimeZone } from "../../../base/time-zone.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { type Errors, nonNegative, oneOf } from "../../validation/checks.ts"
import type { CronJob, CronJobSpec, JobTemplateSpec } from "../v1/cron-job.ts"
import { validateJobSpec } from "./job-spec.ts"

const path = fieldPath("spec")

/** Jobs are named after it, with the time appended. */
const maxNameLength = 52

export function* validateCronJob({ metadata, spec }: CronJob): Errors {
  yield* validateSpec(spec, undefined)
  if (utf8Length(metadata.name ?? "") > maxNameLength) {
    const detail = `must be no more than ${maxNameLength} characters`
    yield invalidValue(fieldPath("metadata", "name"), metadata.name, detail)
  }
}

export function* validateCronJobUpdate({ spec }: CronJob, old: CronJob): Errors {
  yield* validateSpec(spec, old.spec)
}

function* validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined): Errors {
  if (spec.schedule) yield* schedule(spec, old, path.child("schedule"))
  else yield requiredValue(path.child("schedule"))
  yield* nonNegative(spec.startingDeadlineSeconds, path.child("startingDeadlineSeconds"))
  if (!old || old.timeZone !== spec.timeZone) yield* timeZone(spec.timeZone, path.child("timeZone"))
  yield* oneOf(spec.concurrencyPolicy, path.child("concurrencyPolicy"), ["Allow", "Forbid", "Replace"])
  yield* jobTemplate(spec.jobTemplate, path.child("jobTemplate"))
  yield* nonNegative(spec.successfulJobsHistoryLimit, path.child("successfulJobsHistoryLimit"))
  yield* nonNegative(spec.failedJobsHistoryLimit, path.child("failedJobsHistoryLimit"))
}

function* schedule(
  { schedule: text, timeZone: zone }: CronJobSpec,
  old: CronJobSpec | undefined,
  at: FieldPath,
): Errors {
  try {
    parseCronSchedule(text, parseDuration)
  } catch (error) {
    yield invalidValue(at, text, (error as Error).message)
  }
  if (!text.includes("TZ")) return
  if (!old?.schedule.includes("TZ")) {
    yield invalidValue(at, text, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
  } else if (zone !== undefined) {
    yield invalidValue(at, text, "cannot use both timeZone field and TZ or CRON_TZ in schedule")
  }
}

const zonePart = /^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$/

function* timeZone(zone: string | undefined, at: FieldPath): Errors {
  if (zone === undefined) return
  if (!zone) {
    yield invalidValue(at, zone, "timeZone must be nil or non-empty string")
    return
  }
  const isName = zone.split("/").every((part) => part !== "." && part !== ".." && zonePart.test(part))
  if (!isName) {
    yield invalidValue(at, zone, `unknown time zone ${zone}`)
    return
  }
  if (zone.toLowerCase() === "local") {
    const detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
    yield invalidValue(at, zone, detail)
  } else if (!isTimeZone(zone)) yield invalidValue(at, zone, `unknown time zone ${zone}`)
}

function* jobTemplate({ spec }: JobTemplateSpec, at: FieldPath): Errors {
  yield* validateJobSpec(spec, at.child("spec"))
  if (spec.selector) {
    yield invalidValue(at.child("spec", "selector"), spec.selector, "`selector` will be auto-generated")
  }
  if (spec.manualSelector) {
    const manualPath = at.child("spec", "manualSelector")
    yield { ...unsupportedValue(manualPath, "", ["nil", "false"]), badValue: true }
  }
}
