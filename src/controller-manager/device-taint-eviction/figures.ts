import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../api/resource/v1/resource-slice.ts"
import type { DeviceTaintRule } from "../../api/resource/v1beta2/device-taint-rule.ts"
import { matchesTaintRule } from "../../api/resource/v1beta2/matches-taint-rule.ts"
import type { Cache } from "../../client/cache.ts"
import type { Eviction } from "./plan.ts"
import type { RuleFigures } from "./rule-status.ts"
import { newestSlices, poolOfSlice } from "./view.ts"

type EvictionOf = (pod: Pod, cache: Cache, rule?: DeviceTaintRule) => Eviction | undefined

export function countFigures(
  rule: DeviceTaintRule,
  cache: Cache,
  evictionOf: EvictionOf,
  evictedPods: number,
): RuleFigures {
  const pods = pendingPods(rule, cache, evictionOf)
  return {
    publishedDevices: publishedDevices(rule, cache),
    allocatedDevices: cache
      .list(ResourceClaim)
      .flatMap(({ status }) => status.allocation?.devices.results ?? [])
      .filter((result) => matchesTaintRule(rule, result)).length,
    pendingPods: pods.length,
    pendingNamespaces: new Set(pods.map(({ metadata }) => metadata.namespace)).size,
    evictedPods,
  }
}

/** Of a rule without effect: those that would have to go if it had one. */
function pendingPods(rule: DeviceTaintRule, cache: Cache, evictionOf: EvictionOf): Pod[] {
  const { taint } = rule.spec
  if (taint.effect === "NoSchedule") return []
  const evicting = { ...rule, spec: { ...rule.spec, taint: { ...taint, effect: "NoExecute" as const } } }
  return cache
    .list(Pod)
    .filter(
      (pod) =>
        pod.spec.resourceClaims?.length &&
        !pod.metadata.deletionTimestamp &&
        evictionOf(pod, cache, evicting)?.rules.has(rule.metadata.uid),
    )
}

function publishedDevices(rule: DeviceTaintRule, cache: Cache): number {
  return cache
    .list(ResourceSlice)
    .filter((slice) => newestSlices(cache.byIndex(ResourceSlice, "pool", poolOfSlice(slice))).includes(slice))
    .flatMap(({ spec }) =>
      (spec.devices ?? []).map(({ name }) => ({ driver: spec.driver, pool: spec.pool.name, device: name })),
    )
    .filter((device) => matchesTaintRule(rule, device)).length
}
