import { jsonEqual } from "../../apimachinery/json-equal.ts"
import { quantityMilliValue, quantityValue, zeroQuantity } from "../../apimachinery/quantity.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { computePodRequests, parseAmounts } from "../../api/core/v1/pod-resources.ts"
import { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A pod does not grow beyond what its node has, and only where nodes can resize at all. */
export function podResizeValidator(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "PodResizeValidator",
    on: [{ operations: ["UPDATE"], resources: ["pods/resize"] }],
    validate(attributes) {
      const node = findNodeOfChanged(attributes, context)
      if (!node) return
      const system = node.metadata.labels?.["kubernetes.io/os"]
      if (system !== undefined && system !== "linux") {
        const why = `pod resize is only supported on linux nodes, node "${node.metadata.name}" is "${system}"`
        throw withCause(refuse(attributes, why), "UnsupportedPlatform")
      }
      const shortages = shortagesOf(attributes.object as Pod, node)
      if (shortages.length === 0) return
      const why = `node didn't have enough allocatable resources: ${shortages.join("; ")}`
      throw withCause(refuse(attributes, why), "NodeCapacity")
    },
  }
}

/** The node of a pod that is placed, if the update changes what it should be. Throws when there is no such node. */
export function findNodeOfChanged(
  attributes: AdmissionAttributes,
  { cache }: Pick<AdmissionContext, "cache">,
): Node | undefined {
  const { spec } = attributes.object as Pod
  if (!spec.nodeName || jsonEqual(spec, (attributes.oldObject as Pod).spec)) return undefined
  const node = cache.find(Node, { name: spec.nodeName })
  if (!node) throw refuse(attributes, `node "${spec.nodeName}" not found`)
  return node
}

function shortagesOf(pod: Pod, { status }: Node): string[] {
  const requests = computePodRequests(pod)
  const allocatable = parseAmounts(status.allocatable)
  const shortage = (name: string, inUnits: typeof quantityValue) => {
    const requested = inUnits(requests[name] ?? zeroQuantity)
    const available = inUnits(allocatable[name] ?? zeroQuantity)
    return requested > available ? [`${name}, requested: ${requested}, allocatable: ${available}`] : []
  }
  return [...shortage("cpu", quantityMilliValue), ...shortage("memory", quantityValue)]
}

function withCause({ reason, message, details }: StatusError, cause: string): StatusError {
  return new StatusError(reason, message, { details: { ...details, causes: [{ reason: cause }] } })
}
