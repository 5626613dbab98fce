import { jsonEqual } from "../../apimachinery/json-equal.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { isSidecar } from "../../api/core/v1/pod-resources.ts"
import type { AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { findNodeOfChanged } from "./pod-resize-validator.ts"
import { refuse } from "./refuse.ts"

/** What an update asks of the pod's node, by the feature the node must have said it has. */
const needs: Readonly<Record<string, (now: Pod["spec"], before: Pod["spec"]) => boolean>> = {
  InPlacePodLevelResourcesVerticalScaling: (now, before) =>
    !jsonEqual(now.resources ?? null, before.resources ?? null),
  InPlacePodVerticalScalingInitContainers: (now, before) =>
    (before.initContainers ?? []).some(
      (container, index) =>
        !isSidecar(container) &&
        !jsonEqual(container.resources ?? {}, now.initContainers?.[index]?.resources ?? {}),
    ),
}

/**
 * A running pod is not changed into what its node cannot do: nodes may be older than the server
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/node-declared-features/).
 */
export function nodeDeclaredFeatureValidator(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "NodeDeclaredFeatureValidator",
    on: [{ operations: ["UPDATE"], resources: ["pods", "pods/resize"] }],
    validate(attributes) {
      const now = (attributes.object as Pod).spec
      const before = (attributes.oldObject as Pod).spec
      if (!now.nodeName) return
      const features = Object.keys(needs).filter((feature) => needs[feature]!(now, before))
      if (features.length === 0) return
      const node = findNodeOfChanged(attributes, context)
      if (!node) return
      const missing = features.filter((feature) => !node.status.declaredFeatures?.includes(feature))
      if (missing.length === 0) return
      throw refuse(
        attributes,
        `pod update requires features ${missing.join(", ")} which are not available on node "${now.nodeName}"`,
      )
    },
  }
}
