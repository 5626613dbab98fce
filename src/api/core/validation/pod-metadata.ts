import { type FieldError, forbiddenValue, invalidValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"
import { descendingPath } from "../../validation/paths.ts"
import type { Pod, PodSpec } from "../v1/pod.ts"
import type { AppArmorProfile, SeccompProfile } from "../v1/security-context.ts"
import { containersOf } from "./containers-of.ts"
import { validateTolerations } from "./taints.ts"

// Annotations that mean something for pods; most stem from times when what they say had no field yet.

export const mirrorAnnotation = "kubernetes.io/config.mirror"
const deletionCost = "controller.kubernetes.io/pod-deletion-cost"
const tolerationsAnnotation = "scheduler.alpha.kubernetes.io/tolerations"
const podSeccomp = "seccomp.security.alpha.kubernetes.io/pod"
const containerSeccomp = "container.seccomp.security.alpha.kubernetes.io/"
const containerAppArmor = "container.apparmor.security.beta.kubernetes.io/"

type Annotations = Readonly<Record<string, string>>

export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.[mirrorAnnotation] !== undefined
}

export function* validatePodAnnotations(annotations: Annotations, spec: PodSpec, path: FieldPath): Errors {
  const mirror = annotations[mirrorAnnotation]
  if (mirror !== undefined && !spec.nodeName) {
    const detail = "must set spec.nodeName if mirror pod annotation is set"
    yield invalidValue(path.key(mirrorAnnotation), mirror, detail)
  }
  const tolerations = annotations[tolerationsAnnotation]
  if (tolerations) yield* annotatedTolerations(tolerations, path)
  const cost = annotations[deletionCost]
  if (cost !== undefined && !isInt32(cost)) {
    yield invalidValue(path.key(deletionCost), cost, "must be a 32bit integer")
  }
  yield* seccompAnnotations(annotations, path)
  yield* appArmorAnnotations(annotations, spec, path)
}

function* annotatedTolerations(text: string, path: FieldPath): Errors {
  let tolerations: unknown
  try {
    tolerations = JSON.parse(text)
  } catch {
    // What follows says enough.
  }
  if (Array.isArray(tolerations)) yield* validateTolerations(tolerations, path.child(tolerationsAnnotation))
  else yield invalidValue(path, tolerationsAnnotation, "must be a JSON list of tolerations")
}

function isInt32(text: string): boolean {
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return false
  return Math.abs(Number(text) + 0.5) <= 2 ** 31
}

function* seccompAnnotations(annotations: Annotations, path: FieldPath): Errors {
  for (const [name, profile] of Object.entries(annotations)) {
    if (name !== podSeccomp && !name.startsWith(containerSeccomp)) continue
    const at = path.child(name)
    if (profile.startsWith("localhost/")) yield* descendingPath(profile.slice("localhost/".length), at)
    else if (!["runtime/default", "docker/default", "unconfined"].includes(profile)) {
      yield invalidValue(at, profile, "must be a valid seccomp profile")
    }
  }
}

function* appArmorAnnotations(annotations: Annotations, spec: PodSpec, path: FieldPath): Errors {
  for (const [key, profile] of Object.entries(annotations)) {
    if (!key.startsWith(containerAppArmor)) continue
    const name = key.slice(containerAppArmor.length)
    const isKnownName = containersOf(spec, path).some(({ container }) => container.name === name)
    if (!isKnownName) yield invalidValue(path.key(key), name, "container not found")
    const isKnown =
      ["", "runtime/default", "unconfined"].includes(profile) || profile.startsWith("localhost/")
    if (!isKnown) {
      yield invalidValue(path.key(key), profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`)
    }
  }
}

/** What a pod has beside its spec may change, but for what the kubelet has built upon. */
export function* validatePodAnnotationUpdates(pod: Pod, old: Pod, path: FieldPath): Errors {
  const annotations = pod.metadata.annotations ?? {}
  const before = old.metadata.annotations ?? {}
  for (const [key, value] of Object.entries(before)) {
    if (annotations[key] === value) continue
    if (key.startsWith(containerAppArmor)) {
      yield forbiddenValue(path.key(key), "may not remove or update AppArmor annotations")
    }
    if (key === mirrorAnnotation) {
      yield forbiddenValue(path.key(key), "may not remove or update mirror pod annotation")
    }
  }
  for (const key of Object.keys(annotations)) {
    if (before[key] !== undefined) continue
    if (key.startsWith(containerAppArmor)) {
      yield forbiddenValue(path.key(key), "may not add AppArmor annotations")
    }
    if (key === mirrorAnnotation) yield forbiddenValue(path.key(key), "may not add mirror pod annotation")
  }
  yield* validatePodAnnotations(annotations, pod.spec, path)
}

function isProfile(name: string): boolean {
  return name === podSeccomp || name.startsWith(containerSeccomp) || name.startsWith(containerAppArmor)
}

/** Annotation and field may both be set as long as they say the same. */
export function* validateProfilesMatch(
  annotations: Annotations = {},
  spec: PodSpec,
  path: FieldPath,
): Errors {
  if (!Object.keys(annotations).some(isProfile)) return
  const { securityContext, os } = spec
  const containers = containersOf(spec, path)
  const seccomp = path.child("securityContext", "seccompProfile")
  yield* profileMatches(annotations[podSeccomp], securityContext?.seccompProfile, "seccomp", seccomp)
  for (const { container, path: at } of containers) {
    const annotation = annotations[containerSeccomp + container.name]
    const profile = container.securityContext?.seccompProfile
    yield* profileMatches(annotation, profile, "seccomp", at.child("securityContext", "seccompProfile"))
  }
  if (os?.name === "windows") return
  for (const { container, path: at } of containers) {
    const annotation = annotations[containerAppArmor + container.name]
    const profile = container.securityContext?.appArmorProfile ?? securityContext?.appArmorProfile
    yield* profileMatches(annotation, profile, "apparmor", at.child("securityContext", "appArmorProfile"))
  }
}

function* profileMatches(
  annotation: string | undefined,
  profile: SeccompProfile | AppArmorProfile | undefined,
  what: "seccomp" | "apparmor",
  path: FieldPath,
): Errors {
  if (annotation === undefined || !profile) return
  const differs = (field: string, part: string): FieldError =>
    forbiddenValue(path.child(field), `${what} ${part} in annotation and field must match`)
  const isDefault =
    annotation === "runtime/default" || (what === "seccomp" && annotation === "docker/default")
  if (profile.type === "Unconfined" && annotation !== "unconfined") yield differs("type", "type")
  else if (profile.type === "RuntimeDefault" && !isDefault) yield differs("type", "type")
  else if (profile.type === "Localhost") {
    if (!annotation.startsWith("localhost/")) yield differs("type", "type")
    else if (annotation !== `localhost/${profile.localhostProfile}`) {
      yield differs("localhostProfile", "profile")
    }
  }
}
