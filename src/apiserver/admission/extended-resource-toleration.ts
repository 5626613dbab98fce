import { isExtendedResource } from "../../api/core/validation/resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Toleration } from "../../api/core/v1/toleration.ts"
import type { AdmissionPlugin } from "./admission.ts"

/** Nodes with devices can be tainted with the resource's name: only pods that ask for one get there, by themselves. */
export function extendedResourceToleration(): AdmissionPlugin {
  return {
    name: "ExtendedResourceToleration",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["pods"] }],
    mutate({ object }) {
      const pod = object as Pod
      const { tolerations = [] } = pod.spec
      const added = devicesOf(pod)
        .map((key): Toleration => ({ key, operator: "Exists", effect: "NoSchedule" }))
        .filter((wanted) => !tolerations.some((each) => isSame(each, wanted)))
      if (added.length === 0) return pod
      return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } }
    },
  }
}

function devicesOf({ spec }: Pod): string[] {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const names = containers.flatMap(({ resources }) => Object.keys(resources?.requests ?? {}))
  return [...new Set(names.filter(isExtendedResource))].toSorted()
}

function isSame(a: Toleration, b: Toleration): boolean {
  return a.key === b.key && a.effect === b.effect && (a.operator || "Equal") === b.operator && !a.value
}
