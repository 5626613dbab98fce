import { groupResource, type Resource } from "../apimachinery/resource.ts"

const returning: ReadonlySet<string> = new Set([
  "persistentvolumeclaims",
  "persistentvolumes",
  "pods",
  "podtemplates",
  "resourcequotas",
  "serviceaccounts",
  "services",
  "csidrivers.storage.k8s.io",
  "csinodes.storage.k8s.io",
  "storageclasses.storage.k8s.io",
  "volumeattachments.storage.k8s.io",
  "volumeattributesclasses.storage.k8s.io",
])

/** Whether a deletion is answered with the object's last state; most kinds answer with a Status. */
export function returnsDeletedObject(resource: Pick<Resource, "group" | "plural">): boolean {
  return resource.group === "resource.k8s.io" || returning.has(groupResource(resource))
}
