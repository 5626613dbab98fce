import { StatusError } from "../../apimachinery/status-error.ts"
import { groupResource } from "../../apimachinery/resource.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { getNamespace } from "./get-namespace.ts"
import { refuse } from "./refuse.ts"

const immortal = new Set(["default", "kube-system", "kube-public"])

/** Nothing is made in a namespace that is not there or is going; the namespaces of the system stay. */
export function namespaceLifecycle(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    on: [{ operations: ["CREATE", "UPDATE", "DELETE"] }],
    async mutate(attributes) {
      const { operation, resource, namespace, name, object } = attributes
      if (groupResource(resource) === "namespaces") {
        if (operation === "DELETE" && attributes.subresource === "" && immortal.has(name))
          throw refuse(attributes, "this namespace may not be deleted")
        return object
      }
      if (!resource.namespaced || namespace === "" || operation === "DELETE" || isAccessReview(attributes))
        return object
      const { status } = await getNamespace(context, namespace)
      if (operation === "CREATE" && status.phase === "Terminating") throw terminating(attributes)
      return object
    },
  }
}

// To answer "no such namespace" would tell which namespaces there are.
function isAccessReview({ resource }: AdmissionAttributes): boolean {
  return groupResource(resource) === "localsubjectaccessreviews.authorization.k8s.io"
}

function terminating(attributes: AdmissionAttributes): StatusError {
  const { namespace } = attributes
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const { message, details } = refuse(attributes, why)
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  }
  return new StatusError("Forbidden", message, { details: { ...details, causes: [cause] } })
}
