import { Namespace } from "../../api/core/v1/namespace.ts"
import { ignoreAlreadyExists } from "../../apimachinery/status-error.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { getNamespace } from "./get-namespace.ts"
import { refuse } from "./refuse.ts"

/** What is made in a namespace that is not there makes the namespace, too. */
export function namespaceAutoProvision({ cache, client }: AdmissionContext): AdmissionPlugin {
  return {
    name: "NamespaceAutoProvision",
    on: [{ operations: ["CREATE"] }],
    async mutate(attributes) {
      const { namespace: name, dryRun, object } = attributes
      if (dryRun || !isInNamespace(attributes) || cache.find(Namespace, { name })) return object
      try {
        await client.create(Namespace, { metadata: { name } }).catch(ignoreAlreadyExists)
      } catch (error) {
        throw refuse(attributes, (error as Error).message)
      }
      return object
    },
  }
}

/** Nothing is written in a namespace that is not there; NamespaceLifecycle says more. */
export function namespaceExists(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "NamespaceExists",
    on: [{ operations: ["CREATE", "UPDATE", "DELETE"] }],
    async validate(attributes) {
      if (isInNamespace(attributes)) await getNamespace(context, attributes.namespace)
    },
  }
}

function isInNamespace({ namespace, kind }: AdmissionAttributes): boolean {
  return namespace !== "" && !(kind.group === "" && kind.kind === "Namespace")
}
