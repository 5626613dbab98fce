import type { Binding } from "../../api/core/v1/binding.ts"
import { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { AdmissionContext, AdmissionPlugin } from "./admission.ts"

const topologyLabels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"]

/** A pod carries the zone and region of its node, so that programs in it can learn them. */
export function podTopologyLabels({ cache }: AdmissionContext): AdmissionPlugin {
  return {
    name: "PodTopologyLabels",
    on: [{ operations: ["CREATE"], resources: ["pods", "pods/binding"] }],
    mutate({ object, subresource }) {
      const nodeName =
        subresource === "binding" ? boundNode(object as Binding) : (object as Pod).spec.nodeName
      const labels = nodeName ? cache.find(Node, { name: nodeName })?.metadata.labels : undefined
      const found = topologyLabels.filter((key) => labels?.[key] !== undefined)
      if (!object || found.length === 0) return object
      const added = Object.fromEntries(found.map((key) => [key, labels![key]!]))
      const metadata = { ...object.metadata, labels: { ...object.metadata.labels, ...added } }
      return { ...object, metadata }
    },
  }
}

function boundNode({ target }: Binding): string | undefined {
  return target.kind === "Node" ? target.name : undefined
}
