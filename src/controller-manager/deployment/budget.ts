import type { Deployment } from "../../api/apps/v1/deployment.ts"
import { scaleIntOrPercent } from "../../apimachinery/int-or-string.ts"

/**
 * How far a rolling update may stray from `spec.replicas`. Percentages of surge round up and of unavailability down, so
 * that 25% of 10 is 3 more and 2 fewer; both zero would be a standstill, then one may be unavailable.
 */
function resolve(deployment: Deployment): { surge: number; unavailable: number } {
  const { strategy, replicas = 1 } = deployment.spec
  if (strategy.type !== "RollingUpdate") return { surge: 0, unavailable: 0 }
  const surge = scaleIntOrPercent(strategy.rollingUpdate?.maxSurge ?? "25%", replicas, "up")
  const unavailable = scaleIntOrPercent(strategy.rollingUpdate?.maxUnavailable ?? "25%", replicas, "down")
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

/** Pods above `spec.replicas`. */
export function maxSurge(deployment: Deployment): number {
  return resolve(deployment).surge
}

/** Pods below `spec.replicas`, never more than all. */
export function maxUnavailable(deployment: Deployment): number {
  return Math.min(resolve(deployment).unavailable, deployment.spec.replicas ?? 1)
}

/** As few pods as may be available at any time. */
export function minAvailable(deployment: Deployment): number {
  return (deployment.spec.replicas ?? 1) - maxUnavailable(deployment)
}
