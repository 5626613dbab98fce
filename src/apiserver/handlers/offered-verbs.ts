import { groupResource } from "../../apimachinery/resource.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { RequestInfo } from "../request-info.ts"
import { isReview } from "../subresources/reviews.ts"

/** Subresources other than status and scale, and what may be done with them. */
const subresourceVerbs: Readonly<Record<string, readonly string[]>> = {
  "namespaces/finalize": ["update"],
  "pods/ephemeralcontainers": ["get", "update", "patch"],
  "pods/resize": ["get", "update", "patch"],
  "certificatesigningrequests.certificates.k8s.io/approval": ["get", "update", "patch"],
  "pods/binding": ["create"],
  "pods/eviction": ["create"],
  "serviceaccounts/token": ["create"],
  "pods/log": ["get"],
  "pods/exec": ["get", "create"],
  "pods/attach": ["get", "create"],
  "pods/portforward": ["get", "create"],
}
/** Where another server answers, to whatever method, for all paths below. */
const proxies: ReadonlySet<string> = new Set(["pods/proxy", "services/proxy", "nodes/proxy"])

const readingVerbs: ReadonlySet<string> = new Set(["get", "list", "watch"])
const namingVerbs: ReadonlySet<string> = new Set(["get", "update", "patch", "delete", "create"])

/** Whether there is such a path, and whether the request's method means anything there. */
export function findPath(
  served: ServedResource,
  info: RequestInfo,
  method: string,
): "offered" | "wrong method" | "no such path" {
  const path = groupResource(served.resource) + (info.subresource && `/${info.subresource}`)
  const isProxy = proxies.has(path)
  if (!isPlace(served, info) || (info.rest.length > 0 && !isProxy)) return "no such path"
  if (isProxy) return "offered"
  const verbs = verbsAt(served, info, path)
  if (verbs.length === 0) return "no such path"
  if (!verbs.includes(info.verb)) return "wrong method"
  return method === "GET" || !readingVerbs.has(info.verb) ? "offered" : "wrong method"
}

/** Objects of a namespace are under it, others are not; only lists go over all namespaces. */
function isPlace({ resource }: ServedResource, { namespace, name, subresource, verb }: RequestInfo): boolean {
  const isNamed = namingVerbs.has(verb) && name !== ""
  if (resource.namespaced) return namespace !== "" || (!isNamed && subresource === "")
  // The one resource that is under its own name.
  if (resource.group === "" && resource.plural === "namespaces") return namespace === "" || namespace === name
  return namespace === ""
}

function verbsAt(served: ServedResource, info: RequestInfo, path: string): readonly string[] {
  const { resource } = served
  const { subresource, verb, name, namespace } = info
  if (subresource === "status") return resource.hasStatus ? ["get", "update", "patch"] : []
  if (subresource === "scale") return resource.scale ? ["get", "update", "patch"] : []
  if (subresource !== "") return subresourceVerbs[path] ?? []
  const isNamed = namingVerbs.has(verb) && name !== ""
  const ofPath = isNamed
    ? ["get", "update", "patch", "delete"]
    : resource.namespaced && namespace === ""
      ? ["list", "watch"]
      : ["list", "watch", "create", "deletecollection"]
  // A definition that ends tells fewer verbs, but its objects must be let go of.
  if (served.isCustom) return ofPath
  const ofResource: readonly string[] = isReview(resource) ? ["create"] : resource.verbs
  return ofPath.filter((each) => ofResource.includes(each))
}
