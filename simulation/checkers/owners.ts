import type { Observed } from "../world/history.ts"
import { type Checker, nameOf } from "./checker.ts"

export const ownable = ["pods", "replicasets", "controllerrevisions", "endpointslices", "jobs"] as const
const owning = [
  "deployments",
  "replicasets",
  "statefulsets",
  "daemonsets",
  "jobs",
  "cronjobs",
  "services/specs",
]

/** At rest, nothing is left of which all owners are gone. */
export function owners(): Checker {
  return {
    name: "owners",
    atRest(objects) {
      const uids = new Set(
        owning.flatMap((resource) => objects.list(resource).map(({ metadata }) => metadata.uid)),
      )
      return ownable
        .map((resource) => findOrphan(resource, uids, objects))
        .find((orphan) => orphan !== undefined)
    },
  }
}

function findOrphan(resource: string, uids: ReadonlySet<string>, objects: Observed): string | undefined {
  for (const object of objects.list(resource)) {
    const references = object.metadata.ownerReferences ?? []
    if (references.length === 0 || references.some(({ uid }) => uids.has(uid))) continue
    const names = references.map(({ kind, name }) => `${kind} ${name}`).join(", ")
    return `${resource} ${nameOf(object)} outlives ${names}`
  }
  return undefined
}
