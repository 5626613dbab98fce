import type { KubeObject, OwnerReference } from "../../apimachinery/meta.ts"

/** The reference by which a child says that `owner` controls it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion, kind } = owner
  const { name, uid } = owner.metadata
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}
