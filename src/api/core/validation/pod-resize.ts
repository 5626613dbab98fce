import { forbiddenValue, invalidValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { Container } from "../v1/container.ts"
import type { Pod, PodSpec } from "../v1/pod.ts"
import { podQosClass } from "../v1/pod-qos.ts"
import { isSidecar } from "../v1/pod-resources.ts"
import type { ResourceList, ResourceRequirements } from "../v1/resource-requirements.ts"
import { metadataAndSpec } from "./pod.ts"
import { isMirrorPod } from "./pod-metadata.ts"

const path = fieldPath("spec")
const lists = ["containers", "initContainers"] as const

/**
 * While a pod runs, cpu and memory of its containers can change, and nothing else
 * (https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/).
 */
export function* validatePodResize(pod: Pod, old: Pod): Errors {
  const refusal = notResizable(old)
  if (refusal) {
    yield forbiddenValue("[]", refusal)
    return
  }
  const errors = [...resizeErrors(pod, old)]
  yield* errors
  if (errors.length > 0 || semanticEqual(withoutAmounts(pod.spec, old.spec), old.spec)) return
  yield forbiddenValue(path, "only cpu and memory resources are mutable")
}

function notResizable(old: Pod): string | undefined {
  if (isMirrorPod(old)) return "static pods cannot be resized"
  if (old.spec.os?.name === "windows") return "windows pods cannot be resized"
  return undefined
}

function* resizeErrors(pod: Pod, old: Pod): Errors {
  yield* metadataAndSpec(pod)
  if ((old.status.qosClass || podQosClass(old)) !== podQosClass(pod)) {
    const detail = "Pod QOS Class may not change as a result of resizing"
    yield invalidValue(path, pod.status.qosClass ?? "", detail)
  }
  if (!isSupportedByNode(old)) yield forbiddenValue(path, "Pod running on node without support for resize")
  if (hasAmounts(old.spec.resources) || hasAmounts(pod.spec.resources)) yield* podLevel(pod.spec, old.spec)
  if (old.status.nodeAllocatableResourceClaimStatuses?.length) {
    yield forbiddenValue(path, "pods with node allocatable resource claims cannot be resized")
  }
  const order = [...sameContainers(pod.spec, old.spec)]
  yield* order
  if (order.length > 0) return
  for (const list of ["initContainers", "containers"] as const) {
    for (const [index, before] of (old.spec[list] ?? []).entries()) {
      const now = pod.spec[list]![index]!
      yield* noneRemoved(now.resources, before.resources, path.child(list).index(index).child("resources"))
    }
  }
  yield* onlyAmounts(pod.spec, old.spec)
}

/** A kubelet that can resize says what each container has. */
function isSupportedByNode({ status }: Pod): boolean {
  const running = status.containerStatuses?.find(({ state }) => state.running)
  return !running || running.resources !== undefined
}

function hasAmounts(resources: ResourceRequirements | undefined): boolean {
  return Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0
}

function* podLevel(spec: PodSpec, old: PodSpec): Errors {
  const at = path.child("resources")
  if (old.resources && !spec.resources) {
    yield forbiddenValue(at, "pod-level resources cannot be removed")
    return
  }
  if (old.resources && spec.resources) {
    for (const part of ["requests", "limits"] as const) {
      if (!isRemoved(spec.resources[part], old.resources[part])) continue
      yield forbiddenValue(at.child(part), `pod-level resource ${part} cannot be removed`)
    }
  }
  if (!semanticEqual(keepAmounts(spec.resources, old.resources), old.resources)) {
    yield forbiddenValue(path, "only cpu and memory resources are mutable at pod-level")
  }
}

function* sameContainers(spec: PodSpec, old: PodSpec): Errors {
  for (const list of lists) {
    const at = path.child(list)
    const before = old[list] ?? []
    if ((spec[list]?.length ?? 0) !== before.length) {
      yield forbiddenValue(at, `${list} may not be added or removed on resize`)
      continue
    }
    for (const [index, { name }] of before.entries()) {
      if (spec[list]![index]!.name === name) continue
      yield forbiddenValue(at.index(index).child("name"), `${list} may not be renamed or reordered on resize`)
    }
  }
}

function* noneRemoved(now: ResourceRequirements, old: ResourceRequirements, at: FieldPath): Errors {
  for (const part of ["requests", "limits"] as const) {
    if (isRemoved(now[part], old[part])) {
      yield forbiddenValue(at.child(part), `resource ${part} cannot be removed`)
    }
  }
}

function isRemoved(now: ResourceList = {}, old: ResourceList = {}): boolean {
  return Object.keys(old).some((name) => !(name in now))
}

function* onlyAmounts(spec: PodSpec, old: PodSpec): Errors {
  for (const [index, container] of spec.containers.entries()) {
    const before = old.containers[index]!
    if (semanticEqual(withOldAmounts(container, before), before)) continue
    yield forbiddenValue(path, "only cpu and memory resources are mutable")
  }
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const before = old.initContainers![index]!
    const at = path.child("initContainers").index(index)
    if (!semanticEqual(withOldAmounts(container, before), before)) {
      const detail = "only cpu and memory resources for init or sidecar containers are mutable"
      yield forbiddenValue(at, detail)
    }
    if (semanticEqual(container, before) || isSidecar(container)) continue
    for (const { restartPolicy } of container.resizePolicy ?? []) {
      if (restartPolicy !== "RestartContainer") continue
      const detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
      yield forbiddenValue(at, detail)
    }
  }
}

/** The new spec with the old amounts: what then differs may not. */
function withoutAmounts(spec: PodSpec, old: PodSpec): PodSpec {
  const keep = (containers: readonly Container[] | undefined, before: readonly Container[] | undefined) =>
    containers?.map((container, index) => withOldAmounts(container, before![index]!))
  const rest = {
    ...spec,
    containers: keep(spec.containers, old.containers),
    initContainers: keep(spec.initContainers, old.initContainers),
  }
  if (hasAmounts(old.resources) || hasAmounts(spec.resources)) {
    rest.resources = keepAmounts(spec.resources, old.resources)
  }
  return rest as PodSpec
}

function withOldAmounts(container: Container, old: Container): Container {
  return { ...container, resources: keepAmounts(container.resources, old.resources) ?? {} }
}

function keepAmounts(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): ResourceRequirements | undefined {
  if (!resources) return undefined
  const kept = {
    ...resources,
    requests: keepList(resources.requests, old?.requests),
    limits: keepList(resources.limits, old?.limits),
  }
  const isEmpty = !kept.requests && !kept.limits && !kept.claims?.length
  return !old && isEmpty ? undefined : kept
}

function keepList(list: ResourceList | undefined, old: ResourceList | undefined): ResourceList | undefined {
  const { cpu: _, memory: __, ...rest } = list ?? {}
  const { cpu, memory } = old ?? {}
  const kept = { ...rest, ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) }
  return Object.keys(kept).length > 0 ? kept : undefined
}
