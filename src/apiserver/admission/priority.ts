import { groupResource } from "../../apimachinery/resource.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { PriorityClass } from "../../api/scheduling/v1/priority-class.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** Gives a pod the number behind its priority class's name, or the default class; only one class may be the default. */
export function priority({ cache }: AdmissionContext): AdmissionPlugin {
  // Two that were made at the same moment: the lower counts.
  const findDefault = () =>
    cache
      .list(PriorityClass, { where: ({ globalDefault }) => globalDefault === true })
      .toSorted((a, b) => a.value - b.value)[0]

  function classOf(attributes: AdmissionAttributes, name: string): PriorityClass | undefined {
    if (name === "") return findDefault()
    const found = cache.find(PriorityClass, { name })
    if (!found) throw refuse(attributes, `no PriorityClass with name ${name} was found`)
    return found
  }

  function admitNewPod(attributes: AdmissionAttributes): Pod {
    const pod = attributes.object as Pod
    const { spec } = pod
    const found = classOf(attributes, spec.priorityClassName ?? "")
    const value = found?.value ?? 0
    const policy = found ? found.preemptionPolicy : "PreemptLowerPriority"
    if (spec.priority !== undefined && spec.priority !== value) {
      const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
      throw refuse(attributes, why)
    }
    if (policy && spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
      const why = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`
      throw refuse(attributes, why)
    }
    const priorityClassName = spec.priorityClassName || found?.metadata.name
    return {
      ...pod,
      spec: {
        ...spec,
        ...(priorityClassName && { priorityClassName }),
        priority: value,
        ...(policy && { preemptionPolicy: policy }),
      },
    }
  }

  return {
    name: "Priority",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["pods", "priorityclasses.scheduling.k8s.io"] }],
    mutate(attributes) {
      const { resource, operation, object, oldObject } = attributes
      if (groupResource(resource) !== "pods") return object
      return operation === "CREATE" ? admitNewPod(attributes) : keepPriority(object as Pod, oldObject as Pod)
    },
    validate(attributes) {
      const { resource, operation, object } = attributes
      if (groupResource(resource) === "pods") return
      const { globalDefault, metadata } = object as PriorityClass
      const other = globalDefault ? findDefault() : undefined
      if (!other || (operation === "UPDATE" && other.metadata.name === metadata.name)) return
      const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`
      throw refuse(attributes, why)
    },
  }
}

/** Clients that do not know the fields leave them out when they update. */
function keepPriority(pod: Pod, old: Pod): Pod {
  const { priority: value, preemptionPolicy } = old.spec
  const missing = {
    ...(pod.spec.priority === undefined && value !== undefined && { priority: value }),
    ...(pod.spec.preemptionPolicy === undefined && preemptionPolicy !== undefined && { preemptionPolicy }),
  }
  return Object.keys(missing).length === 0 ? pod : { ...pod, spec: { ...pod.spec, ...missing } }
}
