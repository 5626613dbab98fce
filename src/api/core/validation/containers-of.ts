import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Container, EphemeralContainer } from "../v1/container.ts"
import type { PodSpec } from "../v1/pod.ts"

export interface ContainerAt {
  readonly container: Container | EphemeralContainer
  readonly path: FieldPath
}

/** All containers of a pod, in the order in which errors name them. */
export function containersOf(spec: PodSpec, path: FieldPath): ContainerAt[] {
  return [
    ...containersAt(spec.initContainers, path.child("initContainers")),
    ...containersAt(spec.containers, path.child("containers")),
    ...containersAt(spec.ephemeralContainers, path.child("ephemeralContainers")),
  ]
}

function containersAt(containers: readonly Container[] | undefined, path: FieldPath): ContainerAt[] {
  return (containers ?? []).map((container, index) => ({ container, path: path.index(index) }))
}
