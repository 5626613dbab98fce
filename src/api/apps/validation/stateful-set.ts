import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import type { PodTemplateSpec } from "../../core/v1/pod.ts"
import { validatePersistentVolumeClaimSpec } from "../../core/validation/persistent-volume-claim-spec.ts"
import { validatePodTemplateSpec } from "../../core/validation/pod.ts"
import { validatePodAnnotations } from "../../core/validation/pod-metadata.ts"
import {
  parseSelector,
  validateEndless,
  validateSelected,
  validateSelector,
} from "../../core/validation/selected-template.ts"
import { validateAnnotations, validateLabels } from "../../../apimachinery/validate-object-meta.ts"
import { dnsLabel, type Errors, nonNegative, oneOfIfSet } from "../../validation/checks.ts"
import { collisionCount, nonNegativeCounts, notMoreThan } from "../../validation/counts.ts"
import { amountOf, atMost100Percent, intOrPercent } from "../../validation/int-or-percent.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type {
  RollingUpdateStatefulSetStrategy,
  StatefulSet,
  StatefulSetSpec,
  StatefulSetUpdateStrategy,
} from "../v1/stateful-set.ts"

const path = fieldPath("spec")

export function* validateStatefulSet({ spec }: StatefulSet): Errors {
  yield* validateSpec(spec, true)
}

const updatable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const

export function* validateStatefulSetUpdate({ spec }: StatefulSet, old: StatefulSet): Errors {
  yield* validateSpec(spec, false)
  const kept: Record<string, unknown> = { ...spec }
  for (const name of updatable) kept[name] = old.spec[name]
  if (semanticEqual(kept, old.spec)) return
  const names = updatable.map((name) => `'${name}'`)
  const detail = `updates to statefulset spec for fields other than ${names.slice(0, -1).join(", ")} and ${names.at(-1)} are forbidden`
  yield forbiddenValue(path, detail)
}

function* validateSpec(spec: StatefulSetSpec, isNew: boolean): Errors {
  yield* podManagementPolicy(spec.podManagementPolicy, path.child("podManagementPolicy"))
  yield* updateStrategy(spec.updateStrategy, path.child("updateStrategy"))
  yield* retentionPolicy(spec, path.child("persistentVolumeClaimRetentionPolicy"))
  // What cannot change is not looked at again.
  if (isNew) {
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      yield* validatePersistentVolumeClaimSpec(
        claim.spec,
        path.child("volumeClaimTemplates").index(index).child("spec"),
      )
    }
  }
  yield* nonNegative(spec.replicas, path.child("replicas"))
  yield* nonNegative(spec.minReadySeconds, path.child("minReadySeconds"))
  yield* nonNegative(spec.ordinals?.start, path.child("ordinals.start"))
  if (isNew && spec.serviceName) yield* dnsLabel(spec.serviceName, path.child("serviceName"))
  yield* validateSelector(spec.selector, "statefulset", path.child("selector"))
  const selector = parseSelector(spec.selector)
  const at = path.child("template")
  if (selector) {
    yield* validateSelected(selector, spec.template, at)
    yield* validateTemplate(spec, at)
  } else yield invalidValue(path.child("selector"), spec.selector, "")
  yield* validateEndless(spec.template, "StatefulSet", at)
}

function* podManagementPolicy(policy: string | undefined, at: FieldPath): Errors {
  if (!policy) yield requiredValue(at)
  else if (policy !== "OrderedReady" && policy !== "Parallel") {
    yield invalidValue(at, policy, "must be 'OrderedReady' or 'Parallel'")
  }
}

function* updateStrategy(strategy: StatefulSetUpdateStrategy, at: FieldPath): Errors {
  const { type, rollingUpdate } = strategy
  if (!type) yield requiredValue(at)
  else if (type === "OnDelete") {
    if (!rollingUpdate) return
    const detail = "only allowed for updateStrategy 'RollingUpdate'"
    yield invalidValue(at.child("rollingUpdate"), rollingUpdate, detail)
  } else if (type === "RollingUpdate") {
    if (rollingUpdate) yield* validateRollingUpdate(rollingUpdate, at.child("rollingUpdate"))
  } else yield invalidValue(at, strategy, "must be 'RollingUpdate' or 'OnDelete'")
}

function* validateRollingUpdate(
  { partition, maxUnavailable }: RollingUpdateStatefulSetStrategy,
  at: FieldPath,
): Errors {
  yield* nonNegative(partition, at.child("partition"))
  if (maxUnavailable === undefined) return
  const maxPath = at.child("maxUnavailable")
  yield* intOrPercent(maxUnavailable, maxPath)
  if (amountOf(maxUnavailable) === 0) yield invalidValue(maxPath, maxUnavailable, "cannot be 0")
  yield* atMost100Percent(maxUnavailable, maxPath)
}

function* retentionPolicy(
  { persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec,
  at: FieldPath,
): Errors {
  if (!policy) return
  yield* oneOfIfSet(policy.whenDeleted ?? "", at.child("whenDeleted"), ["Retain", "Delete"])
  yield* oneOfIfSet(policy.whenScaled ?? "", at.child("whenScaled"), ["Retain", "Delete"])
}

function* validateTemplate(spec: StatefulSetSpec, at: FieldPath): Errors {
  const template = ownedTemplate(spec)
  yield* validatePodTemplateSpec(template, at)
  // Upstream looks at these twice, and so says twice what is wrong.
  const annotations = template.metadata?.annotations
  yield* validateLabels(template.metadata?.labels, at.child("labels"))
  yield* validateAnnotations(annotations, at.child("annotations"))
  yield* validatePodAnnotations(annotations ?? {}, template.spec, at.child("annotations"))
}

/** The template as pods will have it: names are the controller's, and each claim becomes a volume. */
function ownedTemplate({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const { hostname: _, subdomain: __, ...podSpec } = template.spec
  if (volumeClaimTemplates.length === 0) return { ...template, spec: podSpec }
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ""))
  const volumes = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  const others = (podSpec.volumes ?? []).filter(({ name }) => !names.has(name))
  return { ...template, spec: { ...podSpec, volumes: [...volumes, ...others] } }
}

const counts = [
  "replicas",
  "readyReplicas",
  "currentReplicas",
  "updatedReplicas",
  "availableReplicas",
  "observedGeneration",
  "collisionCount",
] as const

export function* validateStatefulSetStatusUpdate({ status }: StatefulSet, old: StatefulSet): Errors {
  const at = fieldPath("status")
  yield* nonNegativeCounts(status, counts, at)
  const parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"] as const
  yield* notMoreThan<(typeof counts)[number]>(status, parts, "replicas", at, "status.replicas")
  yield* notMoreThan(status, ["availableReplicas"], "readyReplicas", at, "status.readyReplicas")
  yield* collisionCount(status, old.status, at)
}
