import type { ParamKind, ParamRef } from "../../../api/admissionregistration/v1/admission-policy.ts"
import { matchesLabels, selectorFromObject } from "../../../apimachinery/labels.ts"
import { type KubeObject, parseGroupVersion } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import type { AdmissionContext } from "../admission.ts"

/**
 * The objects with which a policy is evaluated, one after the other; one undefined where the binding has no parameters.
 * Throws Error when the binding cannot be followed.
 */
export function findParams(
  kind: ParamKind | undefined,
  ref: ParamRef | undefined,
  namespace: string,
  context: AdmissionContext,
): readonly (KubeObject | undefined)[] {
  if (!kind || !ref) return [undefined]
  const resource = resourceOf(kind, context)
  if (!resource) throw new Error(`failed to find resource referenced by paramKind: '${nameOf(kind)}'`)
  if (ref.namespace && !resource.namespaced) {
    throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
  }
  const found = listParams(ref, resource, paramsNamespace(ref, resource, namespace), context)
  if (found.length === 0 && ref.parameterNotFoundAction === "Deny") {
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction")
  }
  return found
}

function resourceOf(
  { apiVersion = "", kind = "" }: ParamKind,
  context: AdmissionContext,
): Resource | undefined {
  const { group, version } = parseGroupVersion(apiVersion)
  return context.equivalents.ofKind(group, version, kind)[0]
}

function nameOf({ apiVersion = "", kind = "" }: ParamKind): string {
  return `${apiVersion}, Kind=${kind}`
}

// Parameters without a namespace of their own are taken from that of the request.
function paramsNamespace(ref: ParamRef, resource: Resource, namespace: string): string {
  if (!resource.namespaced) return ""
  const chosen = ref.namespace || namespace
  if (chosen) return chosen
  throw new Error("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources")
}

function listParams(
  ref: ParamRef,
  resource: Resource,
  namespace: string,
  { cache }: AdmissionContext,
): readonly KubeObject[] {
  const within = namespace ? { namespace } : {}
  if (ref.name) {
    const object = cache.find(resource, { ...within, name: ref.name })
    return object ? [object] : []
  }
  if (!ref.selector) throw new Error("one of name or selector must be provided")
  const selector = selectorFromObject(ref.selector)
  return cache.list(resource, {
    ...within,
    where: ({ metadata }) => matchesLabels(selector, metadata.labels),
  })
}
