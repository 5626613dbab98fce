import type { KubeObject } from "../../apimachinery/meta.ts"
import type { AdmissionAttributes, AdmissionOperation } from "../admission/admission.ts"
import { isTrue } from "../request-info.ts"
import type { ResourceRequest } from "../resource-request.ts"
import type { DeleteOptions } from "./delete-options.ts"

/** What admission is asked about a write. */
export function admissionAttributes(
  { context, served, namespace, name, subresource }: ResourceRequest,
  operation: AdmissionOperation,
  options: { readonly dryRun: boolean } & Partial<DeleteOptions>,
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
    options: operationOptions(context.request.query, operation, context.info.verb, options),
    user: context.user,
    dryRun: options.dryRun,
    warn: (message) => void context.warnings.push(message),
    annotate: (key, value, atLevel) => {
      if (!atLevel || context.audit?.reaches(atLevel)) context.annotations.set(key, value)
    },
    waited: (milliseconds) => void (context.waitedMs += milliseconds),
    signal: context.signal,
  }
}

function nameOf(object: KubeObject | undefined): string {
  return object?.metadata.name ?? ""
}

/** The options of the request as an object of the API, for plugins that pass them on. */
function operationOptions(
  query: URLSearchParams,
  operation: AdmissionOperation,
  verb: string,
  given: Partial<DeleteOptions>,
): AdmissionAttributes["options"] {
  if (operation === "CONNECT") return {}
  const dryRun = given.dryRun ? ["All"] : undefined
  if (operation === "DELETE") {
    const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions } = given
    return present("DeleteOptions", {
      gracePeriodSeconds,
      preconditions,
      orphanDependents,
      propagationPolicy,
      dryRun,
    })
  }
  const kind = operation === "CREATE" ? "CreateOptions" : verb === "patch" ? "PatchOptions" : "UpdateOptions"
  return present(kind, {
    dryRun,
    force: kind === "PatchOptions" && query.has("force") ? isTrue(query.get("force")) : undefined,
    fieldManager: query.get("fieldManager") || undefined,
    fieldValidation: query.get("fieldValidation") || undefined,
  })
}

function present(kind: string, fields: Readonly<Record<string, unknown>>): AdmissionAttributes["options"] {
  const set = Object.entries(fields).filter(([, value]) => value !== undefined)
  return { kind, apiVersion: "meta.k8s.io/v1", ...Object.fromEntries(set) }
}
