import type { Affinity, PodAffinityTerm } from "../v1/affinity.ts"
import type { Container } from "../v1/container.ts"
import type { Pod, PodSpec, TopologySpreadConstraint } from "../v1/pod.ts"
import type { AppArmorProfile } from "../v1/security-context.ts"

type Labels = Readonly<Record<string, string>>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Puts what a new pod says of itself in other words where those who read it look for it. */
export function preparePod({ metadata, spec }: Pod): void {
  dropSwitchedOff(spec, undefined)
  const labels = metadata.labels ?? {}
  for (const term of affinityTerms(spec.affinity)) mergeLabelKeys(term, labels)
  for (const constraint of spec.topologySpreadConstraints ?? []) mergeLabelKeys(constraint, labels)
  if (spec.os?.name === "windows") return
  for (const container of allContainers(spec)) setAppArmorProfile(container, spec, metadata.annotations ?? {})
}

/**
 * Fields that belong to what upstream has not switched on yet; who has used them before keeps them. `schedulingGroup` is not
 * among them: PodGroups are served here, and gangs are scheduled.
 */
export function dropSwitchedOff(spec: Mutable<PodSpec>, old: PodSpec | undefined): void {
  const hasStopSignal = ({ lifecycle }: Container) => lifecycle?.stopSignal !== undefined
  if (old && allContainers(old).some(hasStopSignal)) return
  for (const container of allContainers(spec).filter(hasStopSignal)) {
    const { stopSignal: _, ...lifecycle } = container.lifecycle!
    if (Object.keys(lifecycle).length > 0) container.lifecycle = lifecycle
    else delete container.lifecycle
  }
}

function allContainers(spec: PodSpec): Mutable<Container>[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]
}

function affinityTerms(affinity: Affinity | undefined): PodAffinityTerm[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((each) => [
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm),
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ])
}

/** The scheduler knows selectors alone: "of the same version as this pod" becomes "version in (3)". */
function mergeLabelKeys(term: PodAffinityTerm | TopologySpreadConstraint, labels: Labels): void {
  const { labelSelector: selector, matchLabelKeys = [] } = term
  const mismatchLabelKeys = "mismatchLabelKeys" in term ? (term.mismatchLabelKeys ?? []) : []
  const expressions = [
    ...requirements(matchLabelKeys, "In", labels),
    ...requirements(mismatchLabelKeys, "NotIn", labels),
  ]
  if (!selector || expressions.length === 0) return
  selector.matchExpressions = [...(selector.matchExpressions ?? []), ...expressions]
}

function requirements(keys: readonly string[], operator: string, labels: Labels) {
  return keys
    .filter((key) => labels[key] !== undefined)
    .map((key) => ({ key, operator, values: [labels[key]!] }))
}

/** What once was an annotation for each container. */
function setAppArmorProfile(container: Mutable<Container>, spec: PodSpec, annotations: Labels): void {
  if (container.securityContext?.appArmorProfile) return
  const annotation = annotations[`container.apparmor.security.beta.kubernetes.io/${container.name}`]
  const profile = annotation === undefined ? undefined : appArmorProfile(annotation)
  const ofPod = spec.securityContext?.appArmorProfile
  if (!profile || (ofPod?.type === profile.type && ofPod.localhostProfile === profile.localhostProfile))
    return
  container.securityContext = { ...container.securityContext, appArmorProfile: profile }
}

function appArmorProfile(annotation: string): AppArmorProfile | undefined {
  if (annotation === "unconfined") return { type: "Unconfined" }
  if (annotation === "runtime/default") return { type: "RuntimeDefault" }
  const localhostProfile = annotation.startsWith("localhost/") ? annotation.slice("localhost/".length) : ""
  return localhostProfile.trim() ? { type: "Localhost", localhostProfile } : undefined
}
