import { invalidValue, requiredValue, tooLong, unsupportedValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { validatePodTemplateSpec } from "../../core/validation/pod.ts"
import { domainPrefixedPath, type Errors, nonNegative, oneOfIfSet } from "../../validation/checks.ts"
import { nonNegativeCounts } from "../../validation/counts.ts"
import type { JobSpec } from "../v1/job.ts"
import { validatePodFailurePolicy } from "./pod-failure-policy.ts"
import { validateSuccessPolicy } from "./success-policy.ts"

const maxIndexedParallelism = 100_000
const maxFailedIndexes = 100_000
/** Above so many completions, the status would become too large to say of each index how it went. */
const manyCompletions = 100_000
const maxForManyCompletions = 10_000
const maxManagerLength = 63

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
] as const

/** Of a Job and of the template of a CronJob. */
export function* validateJobSpec(spec: JobSpec, path: FieldPath): Errors {
  yield* nonNegativeCounts(spec, counts, path)
  const { maxFailedIndexes: maxFailed, completionMode = "NonIndexed" } = spec
  if (maxFailed !== undefined) {
    yield* nonNegative(maxFailed, path.child("maxFailedIndexes"))
    if (spec.backoffLimitPerIndex === undefined) {
      yield requiredValue(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified")
    }
  }
  yield* managedBy(spec.managedBy, path.child("managedBy"))
  yield* oneOfIfSet(completionMode, path.child("completionMode"), ["NonIndexed", "Indexed"])
  if (completionMode === "Indexed") yield* indexed(spec, path)
  if (completionMode === "NonIndexed") yield* nonIndexed(spec, path)
  if (spec.podFailurePolicy) yield* validatePodFailurePolicy(spec, path.child("podFailurePolicy"))
  const successPath = path.child("successPolicy")
  if (spec.successPolicy && completionMode !== "Indexed") {
    yield invalidValue(successPath, spec.successPolicy, "requires indexed completion mode")
  } else if (spec.successPolicy) yield* validateSuccessPolicy(spec, successPath)
  yield* podReplacementPolicy(spec, path.child("podReplacementPolicy"))
  yield* validatePodTemplateSpec(spec.template, path.child("template"))
  yield* restartPolicy(spec, path.child("template", "spec", "restartPolicy"))
}

function* managedBy(manager: string | undefined, path: FieldPath): Errors {
  if (manager === undefined) return
  yield* domainPrefixedPath(manager, path)
  if (utf8Length(manager) > maxManagerLength) yield tooLong(path, maxManagerLength)
}

function* indexed(spec: JobSpec, path: FieldPath): Errors {
  const { completions, parallelism = 0, maxFailedIndexes: maxFailed } = spec
  const [parallelismPath, maxFailedPath] = [path.child("parallelism"), path.child("maxFailedIndexes")]
  if (completions === undefined) {
    yield requiredValue(path.child("completions"), "when completion mode is Indexed")
  }
  if (parallelism > maxIndexedParallelism) {
    const detail = `must be less than or equal to ${maxIndexedParallelism} when completion mode is Indexed`
    yield invalidValue(parallelismPath, parallelism, detail)
  }
  if (completions !== undefined && maxFailed !== undefined && maxFailed > completions) {
    yield invalidValue(maxFailedPath, maxFailed, "must be less than or equal to completions")
  }
  if (maxFailed !== undefined && maxFailed > maxFailedIndexes) {
    yield invalidValue(maxFailedPath, maxFailed, `must be less than or equal to ${maxFailedIndexes}`)
  }
  if ((completions ?? 0) <= manyCompletions || spec.backoffLimitPerIndex === undefined) return
  const detail = `must be less than or equal to ${maxForManyCompletions} when completions are above ${manyCompletions} and used with backoff limit per index`
  if (maxFailed === undefined) {
    yield requiredValue(maxFailedPath, `must be specified when completions is above ${manyCompletions}`)
  }
  if (parallelism > maxForManyCompletions) yield invalidValue(parallelismPath, parallelism, detail)
  if (maxFailed !== undefined && maxFailed > maxForManyCompletions) {
    yield invalidValue(maxFailedPath, maxFailed, detail)
  }
}

function* nonIndexed(spec: JobSpec, path: FieldPath): Errors {
  for (const name of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
    if (spec[name] === undefined) continue
    yield invalidValue(path.child(name), spec[name], "requires indexed completion mode")
  }
}

function* podReplacementPolicy(spec: JobSpec, path: FieldPath): Errors {
  const supported = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"]
  yield* oneOfIfSet(spec.podReplacementPolicy, path, supported)
}

/** Pods of a Job end. */
function* restartPolicy({ template, podFailurePolicy }: JobSpec, path: FieldPath): Errors {
  const policy = template.spec.restartPolicy ?? ""
  if (policy === "Always" || !policy) yield requiredValue(path, 'valid values: "OnFailure", "Never"')
  else if (policy !== "OnFailure" && policy !== "Never") {
    yield unsupportedValue(path, policy, ["OnFailure", "Never"])
  } else if (podFailurePolicy && policy !== "Never") {
    yield invalidValue(path, policy, 'only "Never" is supported when podFailurePolicy is specified')
  }
}
