import type { Checker } from "./checker.ts"
import { deploymentBounds } from "./deployment-bounds.ts"
import { endpoints } from "./endpoints.ts"
import { jobCounts } from "./job-counts.ts"
import { nodeCapacity } from "./node-capacity.ts"
import { onePodPerIdentity } from "./one-pod-per-identity.ts"
import { owners } from "./owners.ts"
import { revisions } from "./revisions.ts"
import { uniqueAddresses } from "./unique-addresses.ts"

/** A new set for a new world: they remember. */
export function allCheckers(): Checker[] {
  return [
    revisions(),
    nodeCapacity(),
    uniqueAddresses(),
    onePodPerIdentity(),
    deploymentBounds(),
    jobCounts(),
    owners(),
    endpoints(),
  ]
}

/** What they need to see, by the names in the store's keys. */
export const watchedResources = [
  "pods",
  "minions",
  "deployments",
  "replicasets",
  "statefulsets",
  "daemonsets",
  "controllerrevisions",
  "jobs",
  "cronjobs",
  "services/specs",
  "endpointslices",
]
