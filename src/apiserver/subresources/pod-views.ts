import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { bumpPodGeneration } from "../registry/strategies/pod.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"
import { keepMetadata } from "./keep-metadata.ts"

/** pods/NAME/ephemeralcontainers: adds containers to a running pod, for debugging it. */
export function ephemeralContainersView(served: ServedResource): View {
  return podView(served, "ephemeralcontainers", (pod, old) => {
    const { ephemeralContainers } = pod.spec
    pod.spec = { ...old.spec }
    if (ephemeralContainers) pod.spec.ephemeralContainers = ephemeralContainers
    else delete pod.spec.ephemeralContainers
  })
}

/** pods/NAME/resize: changes what a running pod's containers get of cpu and memory. */
export function resizeView(served: ServedResource): View {
  return podView(served, "resize", (pod, old) => {
    const containers = resized(pod.spec.containers, old.spec.containers)
    const initContainers = resized(pod.spec.initContainers ?? [], old.spec.initContainers ?? [])
    // Other containers than before: left as they are, for the validation to refuse.
    if (!containers || !initContainers) return
    pod.spec = {
      ...old.spec,
      ...(pod.spec.resources && { resources: pod.spec.resources }),
      ...(old.spec.initContainers && { initContainers }),
      containers,
    }
  })
}

function podView(
  { resource, strategy }: ServedResource,
  subresource: string,
  restrict: (pod: Pod, old: Pod) => void,
): View {
  return {
    subresource,
    isWhole: true,
    kind: resource,
    show: (object) => object,
    take: (_, written) => written,
    prepare(object: Mutable, old: KubeObject) {
      const pod = object as unknown as Pod
      const before = old as unknown as Pod
      restrict(pod, before)
      pod.status = before.status
      keepMetadata(object, old)
      bumpPodGeneration(object, old)
    },
    validate: (object, old, context) => strategy.validateSubresource(subresource, object, old, context),
  }
}

type Resizable = Pick<Container, "name" | "resources" | "resizePolicy">

function resized<T extends Resizable>(updated: readonly T[], old: readonly T[]): T[] | undefined {
  if (updated.length !== old.length) return undefined
  if (updated.some(({ name }, index) => name !== old[index]!.name)) return undefined
  return old.map((container, index) => {
    const { resources, resizePolicy } = updated[index]!
    const { resources: _, resizePolicy: __, ...rest } = container
    return { ...rest, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) } as T
  })
}
