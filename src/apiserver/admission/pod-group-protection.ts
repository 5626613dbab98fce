import { podGroupProtectionFinalizer } from "../../api/scheduling/v1alpha2/pod-group.ts"
import type { AdmissionPlugin } from "./admission.ts"

/** A group does not go before its pods have ended: a controller takes the finalizer off then. */
export function podGroupProtection(): AdmissionPlugin {
  return {
    name: "PodGroupProtection",
    on: [{ operations: ["CREATE"], resources: ["podgroups.scheduling.k8s.io"] }],
    mutate({ object }) {
      const finalizers = object?.metadata.finalizers ?? []
      if (!object || finalizers.includes(podGroupProtectionFinalizer)) return object
      const metadata = { ...object.metadata, finalizers: [...finalizers, podGroupProtectionFinalizer] }
      return { ...object, metadata }
    },
  }
}
