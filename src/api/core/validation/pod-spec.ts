import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  notFoundValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { outsideRange } from "../../../apimachinery/names.ts"
import { validateLabels } from "../../../apimachinery/validate-object-meta.ts"
import { Blameless } from "../../validation/blameless.ts"
import { dnsSubdomain, type Errors, oneOf, qualifiedName } from "../../validation/checks.ts"
import type { PodSpec } from "../v1/pod.ts"
import { validateAffinity } from "./affinity.ts"
import { type ContainerAt, containersOf } from "./containers-of.ts"
import {
  type PodContext,
  trimmedImage,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from "./containers.ts"
import {
  validateDnsConfig,
  validateHostAliases,
  validateHostnameOverride,
  validateHostNames,
  validateHostNetworkPorts,
} from "./pod-network.ts"
import { validatePodResourceClaims, validatePodResources } from "./pod-resources.ts"
import { validateContainerResourceName, validateResourceRequirements } from "./resources.ts"
import { podShape } from "./pod-shape.ts"
import { validateOs, validatePodSecurityContext } from "./security-context.ts"
import { validateTolerations } from "./taints.ts"
import { validateTopologySpread } from "./topology-spread.ts"
import { validateVolumes } from "./volumes.ts"
import { validateHostProcess } from "./windows-options.ts"

/** Whose spec it is. */
export interface PodOwner {
  /** Undefined in templates. */
  readonly podName: string | undefined
  /** False in templates, where more may be left open. */
  readonly isPod: boolean
  /** It stands for a pod that the kubelet read from a file. */
  readonly isMirror: boolean
}

const restartPolicies = ["Always", "OnFailure", "Never"]
const dnsPolicies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]
const maxSeconds = 2 ** 31 - 1

const blameless = new Blameless()

export function* validatePodSpec(spec: PodSpec, owner: PodOwner, path: FieldPath): Errors {
  const shape = verdictOf(owner, spec)
  if (!blameless.has(shape)) yield* blameless.watch(shape, everythingIn(spec, owner, path))
  else if (spec.nodeName) yield* dnsSubdomain(spec.nodeName, path.child("nodeName"))
}

/** All that the verdict on a spec follows from, but for the node. */
function verdictOf({ isPod, isMirror, podName }: PodOwner, spec: PodSpec): string {
  // Claims that are made for a pod are named after it.
  const name = spec.volumes?.some(({ ephemeral }) => ephemeral) ? podName : undefined
  return `${isPod} ${isMirror} ${name ?? ""} ${podShape(spec)}`
}

function* everythingIn(written: PodSpec, owner: PodOwner, path: FieldPath): Errors {
  // Null until somebody has seen to it that there are some.
  const spec = { ...written, containers: written.containers ?? [] }
  const { terminationGracePeriodSeconds } = spec
  if (terminationGracePeriodSeconds === undefined) {
    yield requiredValue(path.child("terminationGracePeriodSeconds"))
  }
  const volumes = yield* validateVolumes(spec.volumes ?? [], owner, path.child("volumes"))
  const claims = new Set((spec.resourceClaims ?? []).flatMap(({ name }) => (name ? [name] : [])))
  const claimsPath = path.child("resourceClaims")
  yield* validatePodResourceClaims(spec.resourceClaims ?? [], owner.isMirror, claimsPath)
  const pod: PodContext = {
    spec,
    volumes,
    claims,
    os: spec.os,
    gracePeriodSeconds: terminationGracePeriodSeconds,
  }
  yield* validateContainers(pod, path.child("containers"))
  yield* validateInitContainers(pod, path.child("initContainers"))
  yield* validateEphemeralContainers(pod, path.child("ephemeralContainers"))
  yield* validatePodResources(spec, claims, path.child("resources"))
  yield* validateHostNetworkPorts(spec, owner.isPod, path)
  yield* oneOf(spec.restartPolicy, path.child("restartPolicy"), restartPolicies)
  yield* oneOf(spec.dnsPolicy, path.child("dnsPolicy"), dnsPolicies)
  yield* validateSurroundings(spec, path)
  yield* validateSettings(spec, path)
  const containers = containersOf(spec, path)
  yield* validateOs(spec, containers, path)
  yield* schedulingGroup(spec, path.child("schedulingGroup"))
  yield* fileKeys(spec, containers)
  if (owner.isPod) yield* completeness(spec, path)
}

/** What templates may leave open. */
function* completeness(spec: PodSpec, path: FieldPath): Errors {
  if (!spec.serviceAccountName) yield* tokensWithoutAccount(spec, path)
  for (const list of ["containers", "initContainers"] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      yield* trimmedImage(container, path.child(list).index(index))
    }
  }
}

function* tokensWithoutAccount(spec: PodSpec, path: FieldPath): Errors {
  for (const [index, { projected }] of (spec.volumes ?? []).entries()) {
    for (const [position, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      if (!serviceAccountToken) continue
      const at = path.child("volumes").index(index).child("projected", "sources").index(position)
      const detail = "must not be specified when serviceAccountName is not set"
      yield forbiddenValue(at.child("serviceAccountToken"), detail)
    }
  }
}

/** Where the pod may run, and with what rights. */
function* validateSurroundings(spec: PodSpec, path: FieldPath): Errors {
  yield* validateLabels(spec.nodeSelector, path.child("nodeSelector"))
  yield* validatePodSecurityContext(spec.securityContext, spec, path.child("securityContext"))
  yield* validateAffinity(spec.affinity, path.child("affinity"))
  yield* validateDnsConfig(spec, path.child("dnsConfig"))
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    yield* qualifiedName(conditionType, path.child("readinessGates").index(index).child("conditionType"))
  }
  yield* schedulingGates(spec, path.child("schedulingGates"))
  const constraints = spec.topologySpreadConstraints ?? []
  yield* validateTopologySpread(constraints, path.child("topologySpreadConstraints"))
  const containers = containersOf(spec, path)
  yield* validateHostProcess(spec, containers, path)
  yield* hostUsers(spec, containers, path)
  yield* validateHostnameOverride(spec, path)
}

function* validateSettings(spec: PodSpec, path: FieldPath): Errors {
  const { serviceAccountName, nodeName, activeDeadlineSeconds: deadline } = spec
  if (serviceAccountName) yield* dnsSubdomain(serviceAccountName, path.child("serviceAccountName"))
  if (nodeName) yield* dnsSubdomain(nodeName, path.child("nodeName"))
  if (deadline !== undefined && (deadline < 1 || deadline > maxSeconds)) {
    yield invalidValue(path.child("activeDeadlineSeconds"), deadline, outsideRange(1, maxSeconds))
  }
  yield* validateHostNames(spec, path)
  yield* validateTolerations(spec.tolerations ?? [], path.child("tolerations"))
  yield* validateHostAliases(spec.hostAliases ?? [], path.child("hostAliases"))
  const { priorityClassName, runtimeClassName, preemptionPolicy, overhead } = spec
  if (priorityClassName) yield* dnsSubdomain(priorityClassName, path.child("priorityClassName"))
  if (runtimeClassName !== undefined) yield* dnsSubdomain(runtimeClassName, path.child("runtimeClassName"))
  if (preemptionPolicy !== undefined) {
    yield* oneOf(preemptionPolicy, path.child("preemptionPolicy"), ["PreemptLowerPriority", "Never"])
  }
  if (overhead) {
    const asLimits = { limits: overhead }
    const at = path.child("overhead")
    yield* validateResourceRequirements(asLimits, validateContainerResourceName, new Set(), at)
  }
}

function* schedulingGates({ schedulingGates: gates = [] }: PodSpec, path: FieldPath): Errors {
  const seen = new Set<string>()
  for (const [index, { name }] of gates.entries()) {
    yield* qualifiedName(name, path.index(index))
    if (seen.has(name)) yield duplicateValue(path.index(index), name)
    seen.add(name)
  }
}

/** Users of its own are no users of the host's, so the host's namespaces are closed to the pod. */
function* hostUsers(spec: PodSpec, containers: readonly ContainerAt[], path: FieldPath): Errors {
  if (spec.hostUsers ?? true) return
  const detail = "when `hostUsers` is false"
  if (spec.hostNetwork) yield forbiddenValue(path.child("hostNetwork"), detail)
  if (spec.hostPID) yield forbiddenValue(path.child("HostPID"), detail)
  if (spec.hostIPC) yield forbiddenValue(path.child("HostIPC"), detail)
  for (const { container, path: at } of containers) {
    if (container.volumeDevices?.length) yield forbiddenValue(at.child("volumeDevices"), detail)
  }
}

function* schedulingGroup({ schedulingGroup: group }: PodSpec, path: FieldPath): Errors {
  if (!group) return
  const at = path.child("podGroupName")
  if (group.podGroupName !== undefined) yield* dnsSubdomain(group.podGroupName, at)
  else yield invalidValue(at, null, "must specify one of: `podGroupName`")
}

/** Variables may be read from files that init containers wrote. */
function* fileKeys(spec: PodSpec, containers: readonly ContainerAt[]): Errors {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]))
  for (const { container, path } of containers) {
    for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
      if (!valueFrom?.fileKeyRef) continue
      const { volumeName } = valueFrom.fileKeyRef
      const at = path.child("env").index(index).child("valueFrom", "fileKeyRef", "volumeName")
      const volume = volumes.get(volumeName)
      if (!volume) yield notFoundValue(at, volumeName)
      else if (!volume.emptyDir) {
        yield invalidValue(at, volumeName, "referenced volume must be of type emptyDir")
      }
    }
  }
}
