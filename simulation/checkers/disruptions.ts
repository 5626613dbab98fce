import type { Pod } from "../../src/api/core/v1/pod.ts"
import type { KubeObject } from "../../src/apimachinery/meta.ts"
import type { Observed } from "../world/history.ts"
import { isReady } from "./checker.ts"

/** Why a pod has to go, where that was said. */
export function disruptionReason({ status }: Pod): string | undefined {
  return status.conditions?.find(({ type, status: value }) => type === "DisruptionTarget" && value === "True")
    ?.reason
}

/** Deleted, or in a namespace that is: all that is in there goes, in no order that was promised. */
export function isGoing({ metadata }: KubeObject, objects: Observed): boolean {
  const namespace = objects.find("namespaces", "", metadata.namespace ?? "")
  return metadata.deletionTimestamp !== undefined || namespace?.metadata.deletionTimestamp !== undefined
}

/** Ready, and nobody has told it to go. */
export function isAvailable(pod: Pod): boolean {
  return isReady(pod) && !pod.metadata.deletionTimestamp
}

/** It stopped being available by itself, or somebody who is not its controller took it away and said so. */
export function isDisturbance(current: Pod | undefined, previous: Pod | undefined): boolean {
  if (!previous || !isAvailable(previous)) return false
  if (!current) return true
  if (isAvailable(current)) return false
  return !current.metadata.deletionTimestamp || disruptionReason(current) !== undefined
}
