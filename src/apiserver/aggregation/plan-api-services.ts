import type { APIService } from "../../api/apiregistration/v1/api-service.ts"
import { priorityOf } from "../../api/version-priority.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { ServedResource } from "../registry/served-resources.ts"

const managed = "kube-aggregator.kubernetes.io/automanaged"

export interface ApiServicePlan {
  readonly create: readonly Draft<APIService>[]
  readonly update: readonly APIService[]
  readonly remove: readonly APIService[]
}

/**
 * For every group and version that this server answers for there is an APIService that says so. One that somebody made in
 * its place stays as it is: without the label it is theirs.
 */
export function planApiServices(
  served: readonly ServedResource[],
  existing: readonly APIService[],
): ApiServicePlan {
  const wanted = new Map(served.flatMap(wantedFor).map((each) => [each.metadata!.name!, each]))
  const byName = new Map(existing.map((each) => [each.metadata.name, each]))
  const ours = existing.filter(({ metadata }) => metadata.labels?.[managed] !== undefined)
  return {
    create: [...wanted.values()].filter(({ metadata }) => !byName.has(metadata!.name!)),
    update: ours.flatMap((each) => {
      const want = wanted.get(each.metadata.name)
      return want && !deepEqual(each.spec, want.spec)
        ? { ...each, spec: want.spec as APIService["spec"] }
        : []
    }),
    remove: ours.filter(({ metadata }) => !wanted.has(metadata.name)),
  }
}

function wantedFor({ resource, isCustom }: ServedResource): Draft<APIService>[] {
  const { group, version } = resource
  // The list of who answers for what is not in itself.
  if (group === "apiregistration.k8s.io") return []
  const { groupPriority, versionPriority } = priorityOf(group, version)
  return [
    {
      metadata: { name: `${version}.${group}`, labels: { [managed]: isCustom ? "true" : "onstart" } },
      spec: { ...(group && { group }), version, groupPriorityMinimum: groupPriority, versionPriority },
    },
  ]
}
