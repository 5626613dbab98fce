import {
  duplicateValue,
  type FieldError,
  invalidValue,
  omittedValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { parseTime } from "../../../apimachinery/time.ts"
import type { Errors } from "../../validation/checks.ts"
import { nonNegativeCounts } from "../../validation/counts.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { Job, JobStatus } from "../v1/job.ts"
import { commonIndex, countIndexes } from "./indexes.ts"

const path = fieldPath("status")
const conditionsPath = path.child("conditions")

/** Which conditions are true. */
interface Outcome {
  readonly complete: boolean
  readonly failed: boolean
  readonly failureTarget: boolean
  readonly successCriteriaMet: boolean
  readonly finished: boolean
}

function outcomeOf({ conditions = [] }: JobStatus): Outcome {
  const isTrue = (type: string) => conditions.some((each) => each.type === type && each.status === "True")
  const [complete, failed] = [isTrue("Complete"), isTrue("Failed")]
  return {
    complete,
    failed,
    failureTarget: isTrue("FailureTarget"),
    successCriteriaMet: isTrue("SuccessCriteriaMet"),
    finished: complete || failed,
  }
}

/** One state of a Job after another; most rules are about what changed alone. */
interface Change {
  readonly job: Job
  readonly status: JobStatus
  readonly old: JobStatus
  readonly now: Outcome
  readonly before: Outcome
  differs(...names: readonly (keyof JobStatus)[]): boolean
  turned(...names: readonly (keyof Outcome)[]): boolean
}

export function* validateJobStatusUpdate(job: Job, oldJob: Job): Errors {
  const { status } = job
  const old = oldJob.status
  const [now, before] = [outcomeOf(status), outcomeOf(old)]
  const change: Change = {
    job,
    status,
    old,
    now,
    before,
    differs: (...names) => names.some((name) => !semanticEqual(status[name], old[name])),
    turned: (...names) => names.some((name) => now[name] !== before[name]),
  }
  const counts = ["active", "succeeded", "failed", "ready", "terminating"] as const
  yield* nonNegativeCounts(status, counts, path)
  yield* uncountedPods(status, path.child("uncountedTerminatedPods"))
  yield* completion(change)
  yield* finishedPods(change)
  yield* indexes(change)
  yield* remainingPods(change)
  yield* outcomesTogether(change)
  yield* fromBefore(change)
}

function* uncountedPods({ uncountedTerminatedPods: pods }: JobStatus, at: FieldPath): Errors {
  const seen = new Set<string>()
  for (const list of ["succeeded", "failed"] as const) {
    for (const [index, uid] of (pods?.[list] ?? []).entries()) {
      const entry = at.child(list).index(index)
      if (!uid) yield invalidValue(entry, uid, "must not be empty")
      else if (seen.has(uid)) yield duplicateValue(entry, uid)
      seen.add(uid)
    }
  }
}

function conditionError(detail: string): FieldError {
  return invalidValue(conditionsPath, omittedValue, detail)
}

function* completion({ status, now, differs, turned }: Change): Errors {
  const { startTime, completionTime } = status
  const at = path.child("completionTime")
  if (turned("complete", "failed") && now.complete && now.failed) {
    yield conditionError("cannot set Complete=True and Failed=true conditions")
  }
  if (turned("complete", "failureTarget") && now.complete && now.failureTarget) {
    yield conditionError("cannot set Complete=True and FailureTarget=true conditions")
  }
  if (turned("complete") || differs("completionTime")) {
    if (completionTime && !now.complete) {
      const detail = "cannot set completionTime when there is no Complete=True condition"
      yield invalidValue(at, completionTime, detail)
    }
    if (!completionTime && now.complete) {
      yield requiredValue(at, "completionTime is required for Complete jobs")
    }
  }
  const isEarly = startTime && completionTime && parseTime(completionTime) < parseTime(startTime)
  if (differs("startTime", "completionTime") && isEarly) {
    yield invalidValue(at, completionTime, "must be equal to or after `startTime`")
  }
  if ((turned("failed") || differs("failedIndexes")) && now.failed && !now.failureTarget) {
    yield conditionError("cannot set Failed=True condition without the FailureTarget=true condition")
  }
  if (turned("complete", "successCriteriaMet") && now.complete && !now.successCriteriaMet) {
    yield conditionError("cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
  }
}

/** Who has finished has no pods that run or are not counted. */
function* finishedPods({ job, status, now, differs, turned }: Change): Errors {
  if (!now.finished) return
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = status
  if ((turned("finished") || differs("active")) && active > 0) {
    yield invalidValue(path.child("active"), active, "active>0 is invalid for finished job")
  }
  const neverStarted = job.spec.suspend === true && job.spec.completions === 0
  if ((turned("finished") || differs("startTime")) && !startTime && !neverStarted) {
    yield requiredValue(path.child("startTime"), "startTime is required for finished job")
  }
  const count = (uncounted?.succeeded?.length ?? 0) + (uncounted?.failed?.length ?? 0)
  if ((turned("finished") || differs("uncountedTerminatedPods")) && count > 0) {
    const at = path.child("uncountedTerminatedPods")
    yield invalidValue(at, uncounted, "must be empty for finished job")
  }
}

function* indexes({ job, status, differs }: Change): Errors {
  const { completions, completionMode, backoffLimitPerIndex } = job.spec
  const { completedIndexes = "", failedIndexes } = status
  const [completedPath, failedPath] = [path.child("completedIndexes"), path.child("failedIndexes")]
  const completedDiffer = differs("completedIndexes")
  const failedDiffer = differs("failedIndexes")
  const hasLimit = backoffLimitPerIndex !== undefined
  if (completions !== undefined) {
    if (completedDiffer) yield* readable("completedIndexes", completedIndexes, completions)
    if (failedDiffer && hasLimit) yield* readable("failedIndexes", failedIndexes ?? "", completions)
  }
  if (completedDiffer && completedIndexes && completionMode !== "Indexed") {
    const detail = "cannot set non-empty completedIndexes when non-indexed completion mode"
    yield invalidValue(completedPath, completedIndexes, detail)
  }
  if (failedIndexes === undefined) return
  if (failedDiffer && !hasLimit) {
    const detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
    yield invalidValue(failedPath, failedIndexes, detail)
  }
  if (completions === undefined || (!failedDiffer && !completedDiffer)) return
  const common = commonIndex(completedIndexes, failedIndexes, completions)
  if (common === undefined) return
  const detail = `failedIndexes and completedIndexes overlap at index: ${common}`
  yield invalidValue(failedPath, failedIndexes, detail)
}

function* readable(name: "completedIndexes" | "failedIndexes", text: string, completions: number): Errors {
  try {
    countIndexes(text, completions)
  } catch (error) {
    yield invalidValue(path.child(name), text, `error parsing ${name}: ${(error as Error).message}`)
  }
}

function* remainingPods({ status, now, differs, turned }: Change): Errors {
  const { active = 0, ready = 0, terminating = 0 } = status
  if ((turned("finished") || differs("terminating")) && terminating > 0 && now.finished) {
    yield invalidValue(path.child("terminating"), terminating, "terminating>0 is invalid for finished job")
  }
  if (differs("ready", "active") && ready > active) {
    yield invalidValue(path.child("ready"), ready, "cannot set more ready pods than active")
  }
}

function* outcomesTogether({ job, now }: Change): Errors {
  if (now.successCriteriaMet && now.failed) {
    yield conditionError("cannot set SuccessCriteriaMet=True and Failed=true conditions")
  }
  if (now.successCriteriaMet && now.failureTarget) {
    yield conditionError("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
  }
  if (job.spec.successPolicy && !now.successCriteriaMet && now.complete) {
    yield conditionError("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")
  }
}

/** What was reached stays. */
function* fromBefore(change: Change): Errors {
  const { job, status, old, now, before, differs } = change
  const terminal = { failed: "Failed", complete: "Complete", failureTarget: "FailureTarget" } as const
  for (const [name, type] of Object.entries(terminal)) {
    const outcome = name as keyof typeof terminal
    if (before[outcome] && !now[outcome]) {
      yield conditionError(`cannot disable the terminal ${type}=True condition`)
    }
  }
  yield* counters(change)
  if (status.completionTime && old.completionTime && differs("completionTime")) {
    yield invalidValue(path.child("completionTime"), status.completionTime, "field is immutable")
  }
  if (old.startTime && differs("startTime") && !isResuming(change) && !job.spec.suspend) {
    const detail = "field is immutable for unsuspended job once set"
    yield invalidValue(path.child("startTime"), status.startTime ?? null, detail)
  }
  if (before.successCriteriaMet && !now.successCriteriaMet) {
    yield conditionError("cannot disable the SuccessCriteriaMet=True condition")
  }
  if (before.complete && !before.successCriteriaMet && now.successCriteriaMet) {
    const detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
    yield conditionError(detail)
  }
}

function* counters({ job, status, old }: Change): Errors {
  const { failed = 0, succeeded = 0 } = status
  if (failed < (old.failed ?? 0)) {
    yield invalidValue(path.child("failed"), failed, "cannot decrease the failed counter")
  }
  // An indexed Job that is made smaller forgets indexes.
  const { completionMode, completions, parallelism } = job.spec
  if (completionMode === "Indexed" && completions === parallelism) return
  if (succeeded < (old.succeeded ?? 0)) {
    yield invalidValue(path.child("succeeded"), succeeded, "cannot decrease the succeeded counter")
  }
}

function isResuming({ status, old }: Change): boolean {
  const suspended = (state: JobStatus, value: string) =>
    state.conditions?.some((each) => each.type === "Suspended" && each.status === value) ?? false
  return suspended(old, "True") && suspended(status, "False")
}
