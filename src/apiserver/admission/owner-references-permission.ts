import type { KubeObject, OwnerReference } from "../../apimachinery/meta.ts"
import { parseGroupVersion } from "../../apimachinery/meta.ts"
import { groupResource } from "../../apimachinery/resource.ts"
import type { Attributes } from "../authorization/authorizer.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

/**
 * To set an owner is to decide when an object goes: whoever sets one must be allowed to delete the object, and to block an
 * owner's deletion, to set finalizers on the owner.
 */
export function ownerReferencesPermissionEnforcement(context: AdmissionContext): AdmissionPlugin {
  const ask = async (attributes: Attributes) => {
    const { decision, reason } = await context.authorizer.authorize(attributes)
    return decision === "allowed" ? undefined : `${reason}, <nil>`
  }

  async function checkBlocking(attributes: AdmissionAttributes, reference: OwnerReference): Promise<void> {
    const { user, namespace } = attributes
    const { group, version } = parseGroupVersion(reference.apiVersion)
    const resources = context.equivalents.ofKind(group, version, reference.kind)
    if (resources.length === 0) {
      const why = `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${reference.apiVersion} Kind ${reference.kind}: no matches for kind "${reference.kind}" in version "${reference.apiVersion}"`
      throw refuse(attributes, why)
    }
    for (const { plural, namespaced } of resources) {
      const problem = await ask({
        user,
        verb: "update",
        apiGroup: group,
        apiVersion: version,
        resource: plural,
        subresource: "finalizers",
        namespace: namespaced ? namespace : "",
        name: reference.name,
      })
      if (problem === undefined) continue
      const why =
        "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"
      throw refuse(attributes, `${why}: ${problem}`)
    }
  }

  return {
    name: "OwnerReferencesPermissionEnforcement",
    on: [{ operations: ["CREATE", "UPDATE"] }],
    async validate(attributes) {
      const { object, oldObject, resource, subresource, user, operation } = attributes
      if (groupResource(resource) === "pods" && subresource === "status") return
      const owners = ownersOf(object)
      if (deepEqual(owners, ownersOf(oldObject))) return
      if (operation !== "CREATE") {
        const { group, version, plural } = resource
        const { namespace, name } = attributes
        const question = {
          apiGroup: group,
          apiVersion: version,
          resource: plural,
          subresource,
          namespace,
          name,
        }
        const problem = await ask({ user, verb: "delete", ...question })
        if (problem !== undefined)
          throw refuse(attributes, `cannot set an ownerRef on a resource you can't delete: ${problem}`)
      }
      const blocking = newlyBlocking(owners, ownersOf(oldObject))
      if (blocking.length === 0) return
      const anything = { apiGroup: "*", apiVersion: "*", resource: "*", subresource: "finalizers", name: "*" }
      if ((await ask({ user, verb: "update", namespace: "", ...anything })) === undefined) return
      for (const reference of blocking) await checkBlocking(attributes, reference)
    },
  }
}

function ownersOf(object: KubeObject | undefined): readonly OwnerReference[] {
  return object?.metadata?.ownerReferences ?? []
}

function newlyBlocking(owners: readonly OwnerReference[], old: readonly OwnerReference[]): OwnerReference[] {
  const before = new Set(old.filter(({ blockOwnerDeletion }) => blockOwnerDeletion).map(({ uid }) => uid))
  return owners.filter(({ blockOwnerDeletion, uid }) => blockOwnerDeletion && !before.has(uid))
}
