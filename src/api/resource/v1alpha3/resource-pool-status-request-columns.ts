import { formatAge } from "../../../apimachinery/human-duration.ts"
import type { Column } from "../../../apimachinery/resource.ts"
import { column, integerColumn, nameColumn } from "../../columns.ts"
import type { PoolStatus, ResourcePoolStatusRequest } from "./resource-pool-status-request.ts"

export const resourcePoolStatusRequestColumns: readonly Column<ResourcePoolStatusRequest>[] = [
  nameColumn,
  column("Driver", "The driver to query pools for.", ({ spec }) => spec.driver),
  column("Total", "Total number of devices across all pools.", (request) =>
    sumOf(request, (pool) => pool.totalDevices),
  ),
  column("Available", "Number of available devices across all pools.", (request) =>
    sumOf(request, (pool) => pool.availableDevices),
  ),
  column("Allocated", "Number of allocated devices across all pools.", (request) =>
    sumOf(request, (pool) => pool.allocatedDevices),
  ),
  column("Unavailable", "Number of unavailable devices across all pools.", (request) =>
    sumOf(request, (pool) => pool.unavailableDevices),
  ),
  column("Errors", "Number of pools with validation errors.", (request) =>
    sumOf(request, (pool) => (pool.validationError === undefined ? 0 : 1)),
  ),
  integerColumn("Pools", "Total number of matching pools.", ({ status }) => status?.poolCount ?? 0),
  column("Status", "Processing status.", formatStatus),
  column("Completed", "Time since the observation completed.", (request, now) => {
    const outcome = findOutcome(request)
    return outcome?.type === "Complete" ? formatAge(outcome.lastTransitionTime, now) : "<none>"
  }),
]

/** The condition that ended it. */
function findOutcome({ status }: ResourcePoolStatusRequest) {
  return status?.conditions?.find(
    (condition) =>
      (condition.type === "Complete" || condition.type === "Failed") && condition.status === "True",
  )
}

function sumOf(
  request: ResourcePoolStatusRequest,
  countOf: (pool: PoolStatus) => number | undefined,
): string {
  if (!request.status || findOutcome(request)?.type === "Failed") return "-"
  return String((request.status.pools ?? []).reduce((sum, pool) => sum + (countOf(pool) ?? 0), 0))
}

function formatStatus(request: ResourcePoolStatusRequest): string {
  const outcome = findOutcome(request)?.type ?? "Pending"
  const { poolCount = 0, pools = [] } = request.status ?? {}
  const isCut = outcome === "Complete" && poolCount > pools.length
  return isCut ? `Complete (${pools.length}/${poolCount} pools)` : outcome
}
