import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsLabelProblems } from "../../../apimachinery/names.ts"
import { quote } from "../../../base/quote.ts"
import type { ObjectMeta } from "../../../apimachinery/meta.ts"
import { ipAddressWarnings } from "../../validation/ip.ts"
import { Blameless } from "../../validation/blameless.ts"
import type { LabelSelector } from "../../meta/v1/label-selector.ts"
import type { Affinity } from "../v1/affinity.ts"
import type { Pod, PodSpec, PodTemplateSpec } from "../v1/pod.ts"
import { containersOf } from "../validation/containers-of.ts"
import { deprecatedNodeLabels, nodeSelectorTermWarnings } from "../validation/deprecated-labels.ts"
import { podShape } from "../validation/pod-shape.ts"
import { containerWarnings, fractionalBytes } from "./containers.ts"
import { portWarnings } from "./ports.ts"
import { volumeWarnings } from "./volumes.ts"

// What is no mistake and yet not what its writer wants (https://kubernetes.io/blog/2020/09/03/warnings/).

type Warnings = Iterable<string>

/** New pods alone: people seldom write to those that run, and controllers do it often. */
export function* podWarnings({ metadata, spec }: Pod, old: Pod | undefined): Warnings {
  if (old) return
  yield* nameWarnings(metadata.name, "the Pod's hostname")
  yield* specAndMetaWarnings(spec, metadata, fieldPath(), false)
}

export function* podTemplateWarnings({ metadata, spec }: PodTemplateSpec, path: FieldPath): Warnings {
  yield* specAndMetaWarnings(spec, metadata ?? {}, path, true)
}

/** @param use "Pod names and hostnames" */
export function* nameWarnings(name: string, use = "Pod names and hostnames"): Warnings {
  const problems = dnsLabelProblems(name)
  if (problems.length === 0) return
  yield `metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${problems.join(" ")}]`
}

const deprecatedAnnotations = {
  "scheduler.alpha.kubernetes.io/critical-pod":
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
  "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
} as const

const seccompAnnotation = "seccomp.security.alpha.kubernetes.io/pod"

type Meta = Pick<Partial<ObjectMeta>, "annotations">

/** All annotations that are warned about. Nobody writes them any more: pods that have one are looked at each time. */
const telling = /\.(alpha|beta)\.kubernetes\.io\//

const blameless = new Blameless()

function specAndMetaWarnings(spec: PodSpec, meta: Meta, root: FieldPath, isTemplate: boolean): Warnings {
  const shape = `${isTemplate} ${podShape(spec)}`
  if (Object.keys(meta.annotations ?? {}).some((name) => telling.test(name)))
    return everything(spec, meta, root, isTemplate)
  return blameless.has(shape) ? [] : blameless.watch(shape, everything(spec, meta, root, isTemplate))
}

function* everything(spec: PodSpec, meta: Meta, root: FieldPath, isTemplate: boolean): Warnings {
  const path = root.child("spec")
  const annotationsPath = root.child("metadata", "annotations")
  yield* nodeLabels(spec, path)
  for (const [name, text] of Object.entries(deprecatedAnnotations)) {
    if (meta.annotations?.[name] !== undefined) yield `${annotationsPath.key(name)}: ${text}`
  }
  yield* volumeWarnings(spec.volumes ?? [], path.child("volumes"))
  yield* duplicates(
    (spec.hostAliases ?? []).map(({ ip }) => ip),
    "ip",
    path.child("hostAliases"),
  )
  yield* pullSecrets(spec, path.child("imagePullSecrets"))
  yield* fractionalBytes(spec.overhead, path.child("overhead"))
  if (!spec.securityContext?.seccompProfile && meta.annotations?.[seccompAnnotation] !== undefined) {
    yield `${annotationsPath.key(seccompAnnotation)}: non-functional in v1.27+; use the "seccompProfile" field instead`
  }
  const containers = containersOf(spec, path)
  for (const each of containers) {
    yield* containerWarnings(each, { annotations: meta.annotations ?? {}, annotationsPath, spec, isTemplate })
  }
  yield* portWarnings(containers)
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    yield `${path.child("terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1`
  }
  yield* affinityWarnings(spec.affinity, path.child("affinity"))
  for (const [index, server] of (spec.dnsConfig?.nameservers ?? []).entries()) {
    yield* ipAddressWarnings(server, path.child("dnsConfig", "nameservers").index(index))
  }
  for (const [index, { ip }] of (spec.hostAliases ?? []).entries()) {
    yield* ipAddressWarnings(ip, path.child("hostAliases").index(index).child("ip"))
  }
}

function* nodeLabels(spec: PodSpec, path: FieldPath): Warnings {
  for (const label of Object.keys(spec.nodeSelector ?? {})) {
    const text = deprecatedNodeLabels[label]
    if (text !== undefined) yield `${path.child("nodeSelector").key(label)}: ${text}`
  }
  const affinity = spec.affinity?.nodeAffinity
  const at = path.child("affinity", "nodeAffinity")
  const required = at.child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const [index, term] of terms.entries()) yield* nodeSelectorTermWarnings(term, required.index(index))
  const preferred = at.child("preferredDuringSchedulingIgnoredDuringExecution")
  const wishes = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  for (const [index, { preference }] of wishes.entries()) {
    yield* nodeSelectorTermWarnings(preference, preferred.index(index).child("preference"), true)
  }
  for (const [index, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const spread = path.child("topologySpreadConstraints").index(index)
    const { topologyKey: key, labelSelector } = constraint
    const text = deprecatedNodeLabels[key]
    if (text !== undefined) yield `${spread.child("topologyKey")}: ${key} is ${text}`
    yield* nullSelector(labelSelector, spread.child("labelSelector"))
  }
}

function* nullSelector(selector: LabelSelector | undefined, path: FieldPath): Warnings {
  if (!selector) yield `${path}: a null labelSelector results in matching no pod`
}

function* duplicates(values: readonly (string | undefined)[], name: string, path: FieldPath): Warnings {
  for (const [index, value = ""] of values.entries()) {
    const before = values.slice(0, index).some((each = "") => each === value)
    if (before) yield `${path.index(index).child(name)}: duplicate ${name} ${quote(value)}`
  }
}

function* pullSecrets({ imagePullSecrets: secrets = [] }: PodSpec, path: FieldPath): Warnings {
  yield* duplicates(
    secrets.map(({ name }) => name),
    "name",
    path,
  )
  for (const [index, { name }] of secrets.entries()) {
    if (!name) yield `${path.index(index).child("name")}: invalid empty name ""`
  }
}

function* affinityWarnings(affinity: Affinity | undefined, path: FieldPath): Warnings {
  for (const name of ["podAffinity", "podAntiAffinity"] as const) {
    const { requiredDuringSchedulingIgnoredDuringExecution: required = [], ...wishes } =
      affinity?.[name] ?? {}
    const at = path.child(name)
    for (const [index, { labelSelector }] of required.entries()) {
      const term = at.child("requiredDuringSchedulingIgnoredDuringExecution").index(index)
      yield* nullSelector(labelSelector, term.child("labelSelector"))
    }
    const preferred = wishes.preferredDuringSchedulingIgnoredDuringExecution ?? []
    for (const [index, { podAffinityTerm }] of preferred.entries()) {
      const term = at.child("preferredDuringSchedulingIgnoredDuringExecution").index(index)
      yield* nullSelector(podAffinityTerm.labelSelector, term.child("podAffinityTerm", "labelSelector"))
    }
  }
}
