import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { matchesLabels } from "../../../apimachinery/labels.ts"
import { dnsLabelProblems } from "../../../apimachinery/names.ts"
import { parseSelector } from "../../core/validation/selected-template.ts"
import { type Errors, immutable, labelSelector } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { Job, JobSpec } from "../v1/job.ts"
import { validateJobSpec } from "./job-spec.ts"
import { validateJobTemplateUpdate } from "./job-template-update.ts"

const path = fieldPath("spec")
const namePath = fieldPath("metadata", "name")

/** The labels that say whose a pod is; the second pair is of before they had a domain. */
export const ownLabels = ["batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"] as const
export const legacyLabels = ["controller-uid", "job-name"] as const

export function* validateJob(job: Job): Errors {
  yield* validateAnyJob(job, true)
}

export function* validateJobUpdate(job: Job, old: Job): Errors {
  const labels = old.spec.template.metadata?.labels ?? {}
  yield* validateAnyJob(
    job,
    ownLabels.every((label) => label in labels),
  )
  yield* validateSpec(job.spec)
  yield* completions(job.spec, old.spec, path.child("completions"))
  yield* immutable(job.spec.selector, old.spec.selector, path.child("selector"))
  yield* validateJobTemplateUpdate(job.spec.template, old, path)
  for (const name of [
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
    "successPolicy",
  ] as const) {
    yield* immutable(job.spec[name], old.spec[name], path.child(name))
  }
}

function* validateAnyJob(job: Job, hasOwnLabels: boolean): Errors {
  yield* generatedSelector(job, hasOwnLabels)
  yield* validateSpec(job.spec)
  const { completionMode, completions: count = 0 } = job.spec
  if (completionMode !== "Indexed" || count <= 0) return
  // Pods are named by their index.
  const longest = `${job.metadata.name}-${count - 1}`
  if (dnsLabelProblems(longest).length > 0) {
    const detail = `will not able to create pod with invalid DNS label: ${longest}`
    yield invalidValue(namePath, job.metadata.name, detail)
  }
}

/** Unless its writer took charge of it, the selector is the one that the server made. */
function* generatedSelector({ metadata, spec }: Job, hasOwnLabels: boolean): Errors {
  if (spec.manualSelector || !spec.selector) return
  if (!metadata.uid) yield requiredValue(fieldPath("metadata", "uid"))
  const at = path.child("template", "metadata", "labels")
  const labels = spec.template.metadata?.labels ?? {}
  const expected: Record<string, string> = {}
  for (const names of hasOwnLabels ? [legacyLabels, ownLabels] : [legacyLabels]) {
    const [uidLabel, nameLabel] = names
    expected[uidLabel] = metadata.uid ?? ""
    expected[nameLabel] = metadata.name ?? ""
    for (const name of names) {
      const detail = `must be '${expected[name]}'`
      if (labels[name] === undefined) yield requiredValue(at.key(name), detail)
      else if (labels[name] !== expected[name]) yield invalidValue(at.key(name), labels, detail)
    }
  }
  const selector = parseSelector(spec.selector)
  if (selector && !matchesLabels(selector, expected)) {
    yield invalidValue(path.child("selector"), spec.selector, "`selector` not auto-generated")
  }
}

function* validateSpec(spec: JobSpec): Errors {
  yield* validateJobSpec(spec, path)
  const { selector, template } = spec
  if (!selector) yield requiredValue(path.child("selector"))
  yield* labelSelector(selector, path.child("selector"))
  const parsed = parseSelector(selector)
  const labels = template.metadata?.labels
  if (parsed && !matchesLabels(parsed, labels)) {
    const detail = "`selector` does not match template `labels`"
    yield invalidValue(path.child("template", "metadata", "labels"), labels ?? null, detail)
  }
}

/** An indexed Job can be made larger or smaller when it runs all of its pods at once. */
function* completions(spec: JobSpec, old: JobSpec, at: FieldPath): Errors {
  if (spec.completionMode !== "Indexed") {
    yield* immutable(spec.completions, old.completions, at)
    return
  }
  const { completions: count, parallelism } = spec
  if (count === undefined || semanticEqual(count, old.completions) || count === parallelism) return
  yield invalidValue(at, count, "can only be modified in tandem with spec.parallelism")
}
