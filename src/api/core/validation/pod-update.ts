import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { outsideRange } from "../../../apimachinery/names.ts"
import type { Errors } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { formatDiff } from "../../validation/unified-diff.ts"
import type { Affinity } from "../v1/affinity.ts"
import type { Container } from "../v1/container.ts"
import type { NodeSelectorTerm } from "../v1/node-selector.ts"
import type { PodSpec } from "../v1/pod.ts"
import { trimmedImage } from "./containers.ts"
import { validateAddedTolerations } from "./taints.ts"

const updatable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
]

const maxSeconds = 2 ** 31 - 1

/** A pod is what it was created as, but for very little. */
export function* validatePodSpecUpdate(spec: PodSpec, old: PodSpec, path: FieldPath): Errors {
  for (const list of ["containers", "initContainers"] as const) {
    const at = path.child(list)
    if ((spec[list]?.length ?? 0) !== (old[list]?.length ?? 0)) {
      yield forbiddenValue(at, "pod updates may not add or remove containers")
      return
    }
    yield* images(spec[list] ?? [], at)
  }
  // Most writers mean the metadata.
  if (semanticEqual(spec, old)) return
  const deadlineErrors = [...deadline(spec, old, path.child("activeDeadlineSeconds"))]
  yield* deadlineErrors
  if (deadlineErrors.length > 0 && spec.activeDeadlineSeconds !== undefined) return

  yield* validateAddedTolerations(spec.tolerations ?? [], old.tolerations ?? [], path.child("tolerations"))
  yield* removedGates(spec, old, path.child("schedulingGates"))
  if (old.schedulingGates?.length) {
    yield* addedNodeSelector(spec, old, path.child("nodeSelector"))
    yield* addedNodeAffinity(spec, old, path.child("affinity", "nodeAffinity"))
  }
  const rest = withoutUpdatable(spec, old)
  if (semanticEqual(rest, old)) return
  const diff = formatDiff(old, rest)
  const detail = `pod updates may not change fields other than ${updatable.join(",")}\n${diff}`
  yield forbiddenValue(path, detail)
}

function* images(containers: readonly Container[], path: FieldPath): Errors {
  for (const [index, container] of containers.entries()) {
    if (!container.image) yield requiredValue(path.index(index).child("image"))
    yield* trimmedImage(container, path.index(index))
  }
}

/** It may come closer. */
function* deadline({ activeDeadlineSeconds: seconds }: PodSpec, old: PodSpec, path: FieldPath): Errors {
  const before = old.activeDeadlineSeconds
  if (seconds === undefined) {
    if (before === undefined) return
    yield invalidValue(path, null, "must not update from a positive integer to nil value")
  } else if (seconds < 0 || seconds > maxSeconds) {
    yield invalidValue(path, seconds, outsideRange(0, maxSeconds))
  } else if (before !== undefined && before < seconds) {
    yield invalidValue(path, seconds, "must be less than or equal to previous value")
  }
}

function* removedGates(spec: PodSpec, old: PodSpec, path: FieldPath): Errors {
  const known = new Set(old.schedulingGates?.map(({ name }) => name))
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (known.has(name)) continue
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`
    yield forbiddenValue(path.index(index).child("name"), detail)
  }
}

/** While it is held back from scheduling, it can be narrowed down where a pod may run. */
function* addedNodeSelector({ nodeSelector }: PodSpec, old: PodSpec, path: FieldPath): Errors {
  const before = Object.entries(old.nodeSelector ?? {})
  const isKept = before.every(([name, value]) => nodeSelector?.[name] === value)
  if (isKept) return
  const detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
  yield invalidValue(path, nodeSelector ?? null, detail)
}

function* addedNodeAffinity(spec: PodSpec, old: PodSpec, path: FieldPath): Errors {
  const before = requiredTerms(old.affinity)
  if (before.length === 0) return
  const terms = requiredTerms(spec.affinity)
  const at = path.child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
  if (terms.length !== before.length) {
    const detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
    yield invalidValue(at, terms.length > 0 ? terms : null, detail)
    return
  }
  for (const [index, term] of terms.entries()) {
    if (isNarrowed(term, before[index]!)) continue
    yield invalidValue(at.index(index), term, "only additions are allowed (no mutations or deletions)")
  }
}

function requiredTerms(affinity: Affinity | undefined): readonly NodeSelectorTerm[] {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
}

function isNarrowed(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const { matchExpressions = [], matchFields = [] } = term
  const { matchExpressions: expressions = [], matchFields: fields = [] } = old
  // An empty term matches nothing, so anything in it would widen it.
  if (expressions.length + fields.length === 0) return matchExpressions.length + matchFields.length === 0
  return (
    semanticEqual(matchExpressions.slice(0, expressions.length), expressions) &&
    semanticEqual(matchFields.slice(0, fields.length), fields)
  )
}

/** What may change as it was: what then differs may not. */
function withoutUpdatable(spec: PodSpec, old: PodSpec): PodSpec {
  const rest = {
    ...spec,
    containers: withImages(spec.containers, old.containers),
    initContainers: withImages(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  }
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    rest.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds
  }
  if (old.schedulingGates?.length) {
    rest.nodeSelector = old.nodeSelector
    rest.affinity = withNodeAffinity(spec.affinity, old.affinity)
  }
  return rest
}

function withImages<T extends readonly Container[] | undefined>(containers: T, old: T): T {
  return containers?.map((container, index) => ({ ...container, image: old?.[index]?.image })) as T
}

function withNodeAffinity(affinity: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const nodeAffinity = old?.nodeAffinity
  if (!affinity) return nodeAffinity ? { nodeAffinity } : undefined
  if (!old && !affinity.podAffinity && !affinity.podAntiAffinity) return undefined
  return { ...affinity, nodeAffinity }
}
