import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  notFoundValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { portNameProblems, portNumberProblems } from "../../../apimachinery/names.ts"
import { dnsLabel, type Errors, isEmpty, oneOf, problems, required } from "../../validation/checks.ts"
import type { Container, ContainerPort, EphemeralContainer } from "../v1/container.ts"
import { isSidecar } from "../v1/pod-resources.ts"
import type { PodSpec } from "../v1/pod.ts"
import {
  validateInitRestartPolicy,
  validateResizePolicy,
  validateRestartPolicy,
} from "./container-restarts.ts"
import { validateEnv, validateEnvFrom } from "./env.ts"
import {
  type ContainerSurroundings,
  validateLifecycle,
  validateLivenessProbe,
  validateReadinessProbe,
  validateStartupProbe,
} from "./probes.ts"
import { pullPolicies } from "./pull-policies.ts"
import { validateContainerResourceName, validateResourceRequirements } from "./resources.ts"
import { validateSecurityContext } from "./security-context.ts"
import { validateVolumeDevices, validateVolumeMounts } from "./volume-mounts.ts"
import type { KnownVolumes } from "./volumes.ts"

/** What of a pod the rules for its containers depend on. */
export interface PodContext extends ContainerSurroundings {
  readonly spec: PodSpec
  readonly volumes: KnownVolumes
  /** Names of the resource claims. */
  readonly claims: ReadonlySet<string>
}

export function* validateContainers(pod: PodContext, path: FieldPath): Errors {
  const { containers } = pod.spec
  if (containers.length === 0) {
    yield requiredValue(path)
    return
  }
  const names = new Set<string>()
  for (const [index, container] of containers.entries()) {
    const at = path.index(index)
    yield* anyContainer(container, pod, at)
    if (names.has(container.name)) yield duplicateValue(at.child("name"), container.name)
    names.add(container.name)
    yield* probes(container, pod, at)
    yield* validateRestartPolicy(container, at)
  }
  yield* hostPortConflicts(containers, path)
}

function* probes(container: Container, pod: PodContext, path: FieldPath): Errors {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container
  if (lifecycle) yield* validateLifecycle(lifecycle, pod, path.child("lifecycle"))
  yield* validateLivenessProbe(livenessProbe, pod, path.child("livenessProbe"))
  yield* validateReadinessProbe(readinessProbe, pod, path.child("readinessProbe"))
  yield* validateStartupProbe(startupProbe, pod, path.child("startupProbe"))
}

const longRunningFields = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const

export function* validateInitContainers(pod: PodContext, path: FieldPath): Errors {
  const { initContainers = [] } = pod.spec
  const names = new Set(pod.spec.containers.map(({ name }) => name))
  for (const [index, container] of initContainers.entries()) {
    const at = path.index(index)
    yield* anyContainer(container, pod, at)
    yield* validateInitRestartPolicy(container, at)
    if (names.has(container.name)) yield duplicateValue(at.child("name"), container.name)
    else if (container.name) names.add(container.name)
    yield* hostPortConflicts([container], path)
    if (isSidecar(container)) yield* probes(container, pod, at)
    else yield* endsByItself(container, at)
  }
}

function* endsByItself(container: Container, path: FieldPath): Errors {
  for (const name of longRunningFields) {
    if (container[name] === undefined) continue
    yield forbiddenValue(path.child(name), "may not be set for init containers without restartPolicy=Always")
  }
  for (const [index, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (restartPolicy !== "RestartContainer") continue
    const detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
    yield invalidValue(path.child("resizePolicy").index(index).child("restartPolicy"), restartPolicy, detail)
  }
}

/** A container for looking into a running pod has nothing that the pod's sandbox or its scheduling would have to know of. */
const notForEphemeral = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const

export function* validateEphemeralContainers(pod: PodContext, path: FieldPath): Errors {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
  const others = new Set([...containers, ...initContainers].map(({ name }) => name))
  const names = new Set(others)
  for (const [index, container] of ephemeralContainers.entries()) {
    const at = path.index(index)
    const { name, targetContainerName: target } = container
    yield* anyContainer(container, pod, at)
    yield* trimmedImage(container, at)
    if (names.has(name)) yield duplicateValue(at.child("name"), name)
    names.add(name)
    if (target && !others.has(target)) yield notFoundValue(at.child("targetContainerName"), target)
    yield* ephemeralFields(container, at)
  }
}

function* ephemeralFields(container: EphemeralContainer, path: FieldPath): Errors {
  const detail = "cannot be set for an Ephemeral Container"
  for (const name of notForEphemeral) {
    // Even an empty one is one too many; the resources are always there.
    const isSet = name === "resources" ? !isEmpty(container[name]) : container[name] !== undefined
    if (isSet) yield forbiddenValue(path.child(name), detail)
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = path.child("volumeMounts").index(index)
    if (mount.subPath) yield forbiddenValue(at.child("subPath"), detail)
    if (mount.subPathExpr) yield forbiddenValue(at.child("subPathExpr"), detail)
  }
}

/** Only asked of pods: templates have got by with spaces for too long. */
export function* trimmedImage({ image = "" }: Container, path: FieldPath): Errors {
  if (image.trim() === image) return
  yield invalidValue(path.child("image"), image, "must not have leading or trailing whitespace")
}

const messagePolicies = ["File", "FallbackToLogsOnError"]

function* anyContainer(container: Container, pod: PodContext, path: FieldPath): Errors {
  const { name, image, terminationMessagePolicy, imagePullPolicy, resources, securityContext } = container
  if (name) yield* dnsLabel(name, path.child("name"))
  else yield requiredValue(path.child("name"))
  yield* required(image, path.child("image"))
  yield* oneOf(terminationMessagePolicy, path.child("terminationMessagePolicy"), messagePolicies)
  yield* ports(container.ports ?? [], path.child("ports"))
  yield* validateEnv(container.env ?? [], path.child("env"))
  yield* validateEnvFrom(container.envFrom ?? [], path.child("envFrom"))
  yield* validateVolumeMounts(container, pod.volumes, path.child("volumeMounts"))
  yield* validateVolumeDevices(container, pod.volumes, path.child("volumeDevices"))
  yield* oneOf(imagePullPolicy, path.child("imagePullPolicy"), pullPolicies)
  const at = path.child("resources")
  yield* validateResourceRequirements(resources, validateContainerResourceName, pod.claims, at)
  const { resizePolicy } = container
  yield* validateResizePolicy(resizePolicy, pod.spec.restartPolicy, path.child("resizePolicy"))
  const hostUsers = pod.spec.hostUsers ?? true
  yield* validateSecurityContext(securityContext, hostUsers, path.child("securityContext"))
}

export const protocols = ["SCTP", "TCP", "UDP"]

function* ports(containerPorts: readonly ContainerPort[], path: FieldPath): Errors {
  const names = new Set<string>()
  for (const [index, { name, containerPort, hostPort, protocol }] of containerPorts.entries()) {
    const at = path.index(index)
    if (name) {
      const texts = portNameProblems(name)
      yield* problems(name, at.child("name"), texts)
      if (texts.length === 0 && names.has(name)) yield duplicateValue(at.child("name"), name)
      else if (texts.length === 0) names.add(name)
    }
    const portPath = at.child("containerPort")
    if (containerPort) yield* problems(containerPort, portPath, portNumberProblems(containerPort))
    else yield requiredValue(portPath)
    if (hostPort) yield* problems(hostPort, at.child("hostPort"), portNumberProblems(hostPort))
    yield* oneOf(protocol, at.child("protocol"), protocols)
  }
}

function* hostPortConflicts(containers: readonly Container[], path: FieldPath): Errors {
  const taken = new Set<string>()
  for (const [index, container] of containers.entries()) {
    for (const [position, { hostPort, hostIP = "", protocol }] of (container.ports ?? []).entries()) {
      if (!hostPort) continue
      const key = `${protocol}/${hostIP}/${hostPort}`
      const at = path.index(index).child("ports").index(position).child("hostPort")
      if (taken.has(key)) yield duplicateValue(at, key)
      taken.add(key)
    }
  }
}
