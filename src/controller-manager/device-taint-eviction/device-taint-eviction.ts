/**
 * Device taint eviction: a pod leaves when a device that it uses gets a NoExecute taint that its claim does not tolerate, or
 * no longer. Taints come from drivers, in ResourceSlices, and from administrators, by DeviceTaintRules.
 *
 * Reads pods, claims, slices and rules; deletes pods; tells in rules' status what they do.
 * Woken by changes of all of these, and when a toleration ends. Keys are "pod:NAME" and "rule:NAME".
 */
import { Pod } from "../../api/core/v1/pod.ts"
import { type DeviceRequestAllocationResult, ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { ResourceSlice } from "../../api/resource/v1/resource-slice.ts"
import { DeviceTaintRule } from "../../api/resource/v1beta2/device-taint-rule.ts"
import { matchesTaintRule } from "../../api/resource/v1beta2/matches-taint-rule.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { evict } from "./evict.ts"
import { countFigures } from "./figures.ts"
import { type Eviction, planEviction, type Tainting } from "./plan.ts"
import { computeRuleCondition, conditionType } from "./rule-status.ts"
import { claimsInUse, claimsOf, newestSlices, poolOf, poolOfSlice } from "./view.ts"

/** A rule's status is written at most this often. */
const rulePeriodMs = 10_000

const podKey = (key: ObjectKey): ObjectKey => ({ namespace: key.namespace, name: `pod:${key.name}` })
const ruleKey = ({ metadata }: DeviceTaintRule): ObjectKey => ({ name: `rule:${metadata.name}` })

export function createDeviceTaintEvictionController(): ControllerDefinition {
  /** Pods that are to go at some time. */
  const pending = new Set<string>()
  /** How many each rule has driven off, by uid. */
  const evicted = new Map<string, number>()
  return {
    name: "device-taint-eviction-controller",
    eventSource: "device-taint-eviction",
    workers: 8,
    watches: [
      watch(Pod, (pod) => (claimsOf(pod).length > 0 ? [podKey(keyOf(pod))] : []), {
        deviceClaim: claimsOf,
      }),
      watch(ResourceClaim, (claim, cache) => podsOf(claim, cache), {
        pool: ({ status }) => (status.allocation?.devices.results ?? []).map(poolOf),
      }),
      watch(
        ResourceSlice,
        (slice, cache) =>
          cache.byIndex(ResourceClaim, "pool", poolOfSlice(slice)).flatMap((claim) => podsOf(claim, cache)),
        { pool: (slice) => [poolOfSlice(slice)] },
      ),
      watch(DeviceTaintRule, (rule, cache) => [ruleKey(rule), ...podsUnder(rule, cache)]),
    ],
    reconcile(key, context) {
      const name = key.name.slice(key.name.indexOf(":") + 1)
      return key.name.startsWith("rule:")
        ? reconcileRule({ name }, context, evicted)
        : reconcilePod({ namespace: key.namespace, name }, context, pending, evicted)
    },
  }
}

async function reconcilePod(
  key: ObjectKey,
  context: ReconcileContext,
  pending: Set<string>,
  evicted: Map<string, number>,
): Promise<Result> {
  const { cache, clock, events } = context
  const id = `${key.namespace}/${key.name}`

  // Observe.
  const pod = cache.find(Pod, key)
  if (!pod || pod.metadata.deletionTimestamp) {
    pending.delete(id)
    return done
  }

  // Decide.
  const eviction = evictionOf(pod, cache)
  if (!eviction) {
    if (pending.delete(id)) events.event(pod, "Normal", "DeviceTaintManagerEviction", "Cancelling deletion")
    return done
  }
  pending.add(id)
  const leftMs = eviction.atMs - clock.now()
  if (leftMs > 0) return requeueAfter(leftMs)

  // Act.
  if (await evict(context, pod))
    for (const rule of eviction.rules) evicted.set(rule, (evicted.get(rule) ?? 0) + 1)
  pending.delete(id)
  return done
}

async function reconcileRule(
  key: ObjectKey,
  { client, cache, clock }: ReconcileContext,
  evicted: ReadonlyMap<string, number>,
): Promise<Result> {
  // Observe.
  const rule = cache.find(DeviceTaintRule, key)
  if (!rule) return done
  const known = rule.status.conditions?.find(({ type }) => type === conditionType)
  const sinceMs = known ? clock.now() - Date.parse(known.lastTransitionTime) : rulePeriodMs
  if (known?.observedGeneration === rule.metadata.generation && sinceMs < rulePeriodMs)
    return requeueAfter(rulePeriodMs - sinceMs)

  // Decide.
  const figures = countFigures(rule, cache, evictionOf, evicted.get(rule.metadata.uid) ?? 0)
  const condition = computeRuleCondition(rule, figures)
  const isSame =
    known && Object.entries(condition).every(([field, value]) => known[field as "type"] === value)

  // Report. What a rule without effect would do is told once.
  const isOver = rule.spec.taint.effect !== "NoExecute" || figures.pendingPods === 0
  const again = isOver ? done : requeueAfter(rulePeriodMs)
  if (isSame || (known?.reason === "NoEffect" && condition.reason === "NoEffect")) return again
  const lastTransitionTime = formatTime(clock.now())
  const body = {
    metadata: { uid: rule.metadata.uid },
    status: { conditions: [{ ...condition, lastTransitionTime }] },
  }
  await client.patch(DeviceTaintRule, key, { type: "strategic", body }, { subresource: "status" })
  return again
}

/** With all rules as they are, or with `rule` alone in the place of them. */
function evictionOf(pod: Pod, cache: Cache, rule?: DeviceTaintRule): Eviction | undefined {
  const tainting: Tainting = {
    findDevice: (result) => findDevice(result, cache),
    rules: rule ? [rule] : cache.list(DeviceTaintRule),
  }
  return pod.spec.nodeName ? planEviction(claimsInUse(pod, cache), tainting) : undefined
}

function findDevice(result: DeviceRequestAllocationResult, cache: Cache) {
  const devices = newestSlices(cache.byIndex(ResourceSlice, "pool", poolOf(result))).flatMap(
    ({ spec }) => spec.devices ?? [],
  )
  return devices.find(({ name }) => name === result.device)
}

function podsOf({ metadata }: ResourceClaim, cache: Cache): ObjectKey[] {
  const pods = cache.byIndex(Pod, "deviceClaim", `${metadata.namespace}/${metadata.name}`)
  const rules = pods.length > 0 ? cache.list(DeviceTaintRule).map(ruleKey) : []
  return [...pods.map((pod) => podKey(keyOf(pod))), ...rules]
}

function podsUnder(rule: DeviceTaintRule, cache: Cache): ObjectKey[] {
  return cache
    .list(ResourceClaim)
    .filter(({ status }) => status.allocation?.devices.results?.some((each) => matchesTaintRule(rule, each)))
    .flatMap((claim) => podsOf(claim, cache))
}
