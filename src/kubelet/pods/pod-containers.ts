import type { Container, EphemeralContainer } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ObjectReference } from "../../client/event-recorder.ts"
import { isSidecar } from "../../api/core/v1/pod-resources.ts"

/**
 * - `init` runs to its end before anything later starts
 * - `sidecar` starts in turn with them and goes on beside the main ones
 * - `main` starts when all of those have
 * - `ephemeral` was added to the running pod and is never restarted
 */
export type ContainerRole = "init" | "sidecar" | "main" | "ephemeral"

export interface PodContainer {
  readonly role: ContainerRole
  readonly spec: Container
  /** For ephemeral ones: the container whose processes it sees. */
  readonly targetContainerName?: string
}

/** Every container of a pod in the order in which they start. */
export function podContainers({ spec }: Pick<Pod, "spec">): PodContainer[] {
  return [
    ...(spec.initContainers ?? []).map(
      (container): PodContainer => ({ role: initRole(container), spec: container }),
    ),
    ...spec.containers.map((container): PodContainer => ({ role: "main", spec: container })),
    ...(spec.ephemeralContainers ?? []).map(ephemeral),
  ]
}

export function findPodContainer(pod: Pick<Pod, "spec">, name: string): PodContainer | undefined {
  return podContainers(pod).find(({ spec }) => spec.name === name)
}

function initRole(container: Container): ContainerRole {
  return isSidecar(container) ? "sidecar" : "init"
}

function ephemeral({ targetContainerName, ...spec }: EphemeralContainer): PodContainer {
  return { role: "ephemeral", spec, ...(targetContainerName && { targetContainerName }) }
}

/** "spec.containers{web}", as events name a container of a pod. */
export function containerFieldPath(pod: Pick<Pod, "spec">, name: string): string {
  const role = findPodContainer(pod, name)?.role
  const list =
    role === "init" || role === "sidecar"
      ? "initContainers"
      : role === "ephemeral"
        ? "ephemeralContainers"
        : "containers"
  return `spec.${list}{${name}}`
}

/** "web-0_default(0b1c...)", as upstream's kubelet names pods in messages. */
export function formatPod({ metadata }: Pick<Pod, "metadata">): string {
  return `${metadata.name}_${metadata.namespace ?? ""}(${metadata.uid})`
}

/** What an event is about: a pod, or one of its containers. */
export function podReference(pod: Pick<Pod, "metadata" | "spec">, container?: string): ObjectReference {
  const { name, namespace = "", uid, resourceVersion } = pod.metadata
  const fieldPath = container && containerFieldPath(pod, container)
  const reference = { apiVersion: "v1", kind: "Pod", namespace, name, uid, resourceVersion }
  return fieldPath ? { ...reference, fieldPath } : reference
}
