import type { KubeObject } from "../../apimachinery/meta.ts"
import type { AdmissionAttributes, AdmissionOperation } from "../admission/admission.ts"
import type { ResourceRequest } from "../resource-request.ts"

/** What admission is asked about a write. */
export function admissionAttributes(
  { context, served, namespace, name, subresource }: ResourceRequest,
  operation: AdmissionOperation,
  options: { readonly dryRun: boolean },
  objects: Pick<AdmissionAttributes, "object" | "oldObject"> & {
    readonly kind?: AdmissionAttributes["kind"]
  },
): AdmissionAttributes {
  const { resource } = served
  return {
    operation,
    resource,
    subresource,
    kind: objects.kind ?? resource,
    namespace: resource.kind === "Namespace" ? name || nameOf(objects.object) : namespace,
    name: name || nameOf(objects.object),
    object: objects.object,
    oldObject: objects.oldObject,
    options: { ...options },
    user: context.user,
    dryRun: options.dryRun,
    warn: (message) => void context.warnings.push(message),
    annotate: (key, value) => void context.annotations.set(key, value),
  }
}

function nameOf(object: KubeObject | undefined): string {
  return object?.metadata.name ?? ""
}
