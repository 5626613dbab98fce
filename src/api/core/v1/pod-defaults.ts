import { parseQuantity, quantityOf } from "../../../apimachinery/quantity.ts"
import type { Container } from "./container.ts"
import { imageTag } from "./image-reference.ts"
import type { Pod, PodSpec, PodStatus } from "./pod.ts"
import {
  type Amounts,
  computePodLimits,
  computePodRequests,
  formatAmounts,
  isHugePageResource,
  isPodLevelResource,
} from "./pod-resources.ts"
import type { ResourceList } from "./resource-requirements.ts"
import type { Volume } from "./volume.ts"

// Defaults of pods that depend on more than one field. Those of PodSpec hold in templates too; those of Pod only show up
// in pods, so that a template does not change when a default is added.

type PullPolicy = Container["imagePullPolicy"]

/** Whose tag may move is asked for every time. */
function pullPolicyFor(image: string): PullPolicy {
  return imageTag(image) === "latest" ? "Always" : "IfNotPresent"
}

export function defaultContainer(container: { image?: string; imagePullPolicy?: PullPolicy }): void {
  container.imagePullPolicy ||= pullPolicyFor(container.image ?? "")
}

/** A volume that does not say what it is, is an empty directory. */
export function defaultVolume(volume: Volume): void {
  const { name: _name, ...source } = volume
  if (Object.values(source).every((each) => each === undefined)) volume.emptyDir = {}
  if (volume.image) volume.image.pullPolicy ||= pullPolicyFor(volume.image.reference ?? "")
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are shown. */
export function defaultPodSpec(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount
  if (name) Object.assign(spec, { serviceAccountName: name, serviceAccount: name })
}

/** `podIP` is the first of `podIPs`. If they differ, the writer knows one address only and means that. */
export function defaultPodStatus(status: PodStatus): void {
  const first = status.podIPs?.[0]?.ip
  if (status.podIP && status.podIP !== first) status.podIPs = [{ ip: status.podIP }]
  else if (first) status.podIP = first
}

export function defaultPod(pod: Pod): void {
  const { spec } = pod
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  for (const container of containers) requestUpToLimit(container)
  defaultPodLevelResources(spec)
  spec.enableServiceLinks ??= true
  if (spec.hostNetwork) for (const container of containers) exposeOnHost(container)
}

function requestUpToLimit({ resources }: Container): void {
  if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests }
}

function exposeOnHost(container: Container): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
}

/**
 * A pod that says something about its resources as a whole gets the rest from its containers: limits of huge pages, and
 * requests of all that it limits.
 */
function defaultPodLevelResources(spec: PodSpec): void {
  const { resources } = spec
  const isSet = (list: ResourceList | undefined) => Object.keys(list ?? {}).length > 0
  if (!resources || !(isSet(resources.limits) || isSet(resources.requests))) return
  const pod = { spec: { ...spec, containers: spec.containers ?? [] } }
  const options = { containersOnly: true, excludeOverhead: true }

  const limits = pick(
    computePodLimits(pod, options),
    (name) => isHugePageResource(name) && resources.requests?.[name] === undefined,
  )
  if (isSet(resources.limits) || isSet(limits)) resources.limits = { ...limits, ...resources.limits }
  if (!isSet(resources.limits)) return

  // Huge pages cannot be overcommitted, so their request is always the limit.
  const requests = pick(
    computePodRequests(pod, options),
    (name) => isPodLevelResource(name) && !isHugePageResource(name),
  )
  const limited = Object.entries(resources.limits ?? {}).filter(([name]) => isPodLevelResource(name))
  const merged = { ...Object.fromEntries(limited), ...requests, ...resources.requests }
  if (isSet(merged)) resources.requests = merged
}

function pick(amounts: Amounts, wanted: (name: string) => boolean): ResourceList {
  return formatAmounts(Object.fromEntries(Object.entries(amounts).filter(([name]) => wanted(name))))
}

const finerThanMilli = /[nu]$|\.[0-9]{4}|[eE]-/
const nanosPerMilli = 1_000_000n

/** Amounts are kept in thousandths; what is finer is rounded up. */
export function roundResourceList(list: ResourceList | undefined): void {
  for (const [name, value] of Object.entries(list ?? {})) {
    if (!finerThanMilli.test(String(value))) continue
    const { nanos, format } = parseQuantity(value)
    const excess = ((nanos % nanosPerMilli) + nanosPerMilli) % nanosPerMilli
    if (list && excess !== 0n) list[name] = quantityOf(nanos + nanosPerMilli - excess, format).text
  }
}

export function defaultResourceRequirements(resources: {
  limits?: ResourceList
  requests?: ResourceList
}): void {
  roundResourceList(resources.limits)
  roundResourceList(resources.requests)
}
