import type { Pod } from "../../api/core/v1/pod.ts"
import type { AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

const hostname = "kubernetes.io/hostname"

/** One pod may keep others off its node, but not out of a whole zone. */
export function limitPodHardAntiAffinityTopology(): AdmissionPlugin {
  return {
    name: "LimitPodHardAntiAffinityTopology",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["pods"] }],
    validate(attributes) {
      const { affinity } = (attributes.object as Pod).spec
      const terms = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
      const wide = terms.find(({ topologyKey }) => topologyKey !== hostname)
      if (wide)
        throw refuse(
          attributes,
          `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wide.topologyKey} but only key ${hostname} is allowed`,
        )
    },
  }
}
