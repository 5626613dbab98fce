import type { Plan } from "../operations/operation.ts"
import type { Checker } from "./checker.ts"
import { claims } from "./claims.ts"
import { daemonAvailability } from "./daemon-availability.ts"
import { deploymentAvailability } from "./deployment-availability.ts"
import { deploymentBounds } from "./deployment-bounds.ts"
import { disruptionBudgets } from "./disruption-budgets.ts"
import { endpoints } from "./endpoints.ts"
import { jobCounts } from "./job-counts.ts"
import { namespaces } from "./namespaces.ts"
import { nodeCapacity } from "./node-capacity.ts"
import { onePodPerIdentity } from "./one-pod-per-identity.ts"
import { owners } from "./owners.ts"
import { replicaSetBounds } from "./replica-set-bounds.ts"
import { revisions } from "./revisions.ts"
import { taintTolerations } from "./taint-tolerations.ts"
import { uniqueAddresses } from "./unique-addresses.ts"

/** A new set for a new world: they remember. What can't be promised in a world with some faults is not asked of it. */
export function allCheckers({ rates, steps }: Plan): Checker[] {
  const has = (kind: string) => steps.some(({ operation }) => operation.kind === kind)
  return [
    revisions(),
    nodeCapacity(),
    uniqueAddresses(),
    onePodPerIdentity(),
    deploymentBounds(),
    deploymentAvailability(),
    replicaSetBounds(rates.answerLost === 0 && !has("restart")),
    daemonAvailability(),
    jobCounts(),
    disruptionBudgets(),
    claims(),
    namespaces(watchedResources),
    taintTolerations(),
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
  "poddisruptionbudgets",
  "persistentvolumes",
  "persistentvolumeclaims",
  "namespaces",
]
