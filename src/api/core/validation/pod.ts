import { forbiddenValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { validateAnnotations, validateLabels } from "../../../apimachinery/validate-object-meta.ts"
import type { Errors } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { formatDiff } from "../../validation/unified-diff.ts"
import type { Binding } from "../v1/binding.ts"
import type { Pod, PodTemplateSpec } from "../v1/pod.ts"
import type { PodTemplate } from "../v1/pod-template.ts"
import {
  isMirrorPod,
  validatePodAnnotations,
  validatePodAnnotationUpdates,
  validateProfilesMatch,
} from "./pod-metadata.ts"
import { validatePodSpec } from "./pod-spec.ts"
import { validatePodSpecUpdate } from "./pod-update.ts"

// What a pod has to be like (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/).

const specPath = fieldPath("spec")
const annotationsPath = fieldPath("metadata", "annotations")

export function* validatePod(pod: Pod): Errors {
  yield* metadataAndSpec(pod)
  const { metadata, spec } = pod
  const { ephemeralContainers, nodeName, schedulingGates } = spec
  if (ephemeralContainers?.length) {
    yield forbiddenValue(specPath.child("ephemeralContainers"), "cannot be set on create")
  }
  if (nodeName && schedulingGates?.length) {
    const detail = "cannot be set until all schedulingGates have been cleared"
    yield forbiddenValue(specPath.child("nodeName"), detail)
  }
  yield* validateProfilesMatch(metadata.annotations, spec, specPath)
}

export function* validatePodUpdate(pod: Pod, old: Pod): Errors {
  yield* metadataAndSpec(pod)
  yield* validatePodAnnotationUpdates(pod, old, annotationsPath)
  yield* validatePodSpecUpdate(pod.spec, old.spec, specPath)
}

/** What holds for a pod at any time. */
export function* metadataAndSpec(pod: Pod): Errors {
  const { metadata, spec } = pod
  yield* validatePodAnnotations(metadata.annotations ?? {}, spec, annotationsPath)
  const owner = { podName: metadata.name, isPod: true, isMirror: isMirrorPod(pod) }
  yield* validatePodSpec(spec, owner, specPath)
}

/** Containers for debugging are added; none goes away or changes. */
export function* validateEphemeralContainersUpdate(pod: Pod, old: Pod): Errors {
  if (isMirrorPod(old)) {
    yield forbiddenValue("[]", "static pods do not support ephemeral containers")
    return
  }
  yield* metadataAndSpec(pod)
  yield* validatePodAnnotationUpdates(pod, old, annotationsPath)
  const path = specPath.child("ephemeralContainers")
  for (const before of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.findLast(({ name }) => name === before.name)
    const what = `existing ephemeral containers ${JSON.stringify(before.name)} may not be`
    if (!now) yield forbiddenValue(path, `${what} removed\n`)
    else if (!semanticEqual(before, now)) {
      yield forbiddenValue(path, `${what} changed\n${formatDiff(before, now)}`)
    }
  }
}

export function* validateBinding({ target }: Binding): Errors {
  if (target.kind && target.kind !== "Node") {
    yield unsupportedValue(fieldPath("target", "kind"), target.kind, ["Node", "<empty>"])
  }
  if (!target.name) yield requiredValue(fieldPath("target", "name"))
}

export function* validatePodTemplate({ template }: PodTemplate): Errors {
  yield* validatePodTemplateSpec(template, fieldPath("template"))
}

/** The pods that a controller is going to create. */
export function* validatePodTemplateSpec({ metadata, spec }: PodTemplateSpec, path: FieldPath): Errors {
  const annotations = metadata?.annotations
  const at = path.child("annotations")
  yield* validateLabels(metadata?.labels, path.child("labels"))
  yield* validateAnnotations(annotations, at)
  yield* validatePodAnnotations(annotations ?? {}, spec, at)
  const owner = { podName: undefined, isPod: false, isMirror: false }
  yield* validatePodSpec(spec, owner, path.child("spec"))
  yield* validateProfilesMatch(annotations, spec, path.child("spec"))
  if (spec.ephemeralContainers?.length) {
    const detail = "ephemeral containers not allowed in pod template"
    yield forbiddenValue(path.child("spec", "ephemeralContainers"), detail)
  }
}
