/**
 * EndpointSlice: the pods that a Service selects, with their addresses, ports and states, in slices of 100.
 *
 * Owns the slices labelled as managed by it, by owner reference and the label kubernetes.io/service-name.
 * Reads Services, pods, nodes (for zones) and slices; writes slices.
 * Woken by changes of Services, of the pods they select, and of its slices.
 */
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { hasSelector, keysOfServices, podsBehind, servicesByLabel } from "../shared/keys-of-services.ts"
import { podStatusRestMs } from "../shared/pod-status-rest.ts"
import { podsByLabel } from "../shared/pods-by-label.ts"
import { ignoreNamespaceTerminating } from "../shared/pod-control.ts"
import { isManaged, planSlices, serviceNameLabel, type SlicePlan } from "./plan.ts"
import { asksForTopology } from "./topology-hints.ts"
import { TriggerTimes, withTriggerTime } from "./trigger-time.ts"
import { computeZoneShares, hasSameShare } from "./zone-shares.ts"
import { EndpointSliceMetrics } from "./endpointslice-metrics.ts"
import { messageOf } from "../../base/message-of.ts"

export function createEndpointSliceController(
  options: {
    readonly maxEndpointsPerSlice?: number
    readonly metrics?: EndpointSliceMetrics | undefined
  } = {},
): ControllerDefinition {
  const { metrics = new EndpointSliceMetrics() } = options
  const triggerTimes = new TriggerTimes()
  const maxPerSlice = options.maxEndpointsPerSlice ?? 100
  return {
    name: "endpointslice-controller",
    backoff: { initialMs: 1000, maxMs: 1_000_000 },
    eventSource: "endpoint-slice-controller",
    restMs: podStatusRestMs,
    watches: [
      watch(Service, (service) => [keyOf(service)], servicesByLabel),
      watch(Pod, keysOfServices, podsByLabel),
      watch(Node, keysOfTopology, undefined, hasSameShare),
      watch(EndpointSlice, keysOfService, { service: serviceOf }),
    ],
    async reconcile(key, context) {
      let isGood = false
      try {
        const result = await reconcile(key, context, { triggerTimes, maxPerSlice, metrics })
        isGood = true
        return result
      } finally {
        metrics.synced(isGood)
      }
    },
  }
}

interface Parts {
  readonly triggerTimes: TriggerTimes
  readonly maxPerSlice: number
  readonly metrics: EndpointSliceMetrics
}

async function reconcile(
  key: ObjectKey,
  context: ReconcileContext,
  { triggerTimes, maxPerSlice, metrics }: Parts,
): Promise<Result> {
  const { cache, events } = context

  // Observe. The slices of a Service that has gone are collected as garbage.
  const service = cache.find(Service, key)
  if (!service) triggerTimes.forget(key)
  if (!service || !hasSelector(service)) {
    metrics.forget(key.namespace ?? "", key.name)
    return done
  }
  const pods = podsBehind(service, cache)
  const existing = cache.byIndex(EndpointSlice, "service", `${key.namespace}/${key.name}`)

  // Decide.
  const findNode = (name: string) => cache.find(Node, { name })
  const plan = planSlices({
    service,
    pods,
    existing,
    findNode,
    maxPerSlice,
    zoneShares: () => computeZoneShares(cache.list(Node)),
  })
  for (const { type, reason, message } of plan.topology) events.event(service, type, reason, message)

  // Act.
  const triggerTime = triggerTimes.next(service, pods)
  try {
    await applyPlan(context, plan, triggerTime)
    metrics.applied({ service, existing, plan, maxPerSlice })
  } catch (error) {
    const message = `Error updating Endpoint Slices for Service ${key.namespace}/${key.name}: ${messageOf(error)}`
    events.event(service, "Warning", "FailedToUpdateEndpointSlices", message)
    throw error
  }
  const [homeless] = plan.homeless
  if (homeless)
    throw new Error(
      `skipping Pod ${homeless.metadata.name} for Service ${key.namespace}/${key.name}: Node ${homeless.spec.nodeName ?? ""} Not Found`,
    )
  return done
}

async function applyPlan(
  { client }: ReconcileContext,
  plan: SlicePlan,
  triggerTime: string | undefined,
): Promise<void> {
  for (const slice of plan.create)
    await client.create(EndpointSlice, withTriggerTime(slice, triggerTime)).catch(ignoreNamespaceTerminating)
  for (const slice of plan.update) await client.update(EndpointSlice, withTriggerTime(slice, triggerTime))
  for (const slice of plan.delete) await client.delete(EndpointSlice, keyOf(slice)).catch(ignoreNotFound)
}

/** A node that comes, goes or changes its part of a zone concerns the Services that share by zones. */
function keysOfTopology(_: Node, cache: Cache): readonly ObjectKey[] {
  return cache.list(Service, { where: asksForTopology }).map(keyOf)
}

/** Others may have slices for the same Service: they are none of our business. */
function serviceOf(slice: EndpointSlice): readonly string[] {
  const name = slice.metadata.labels?.[serviceNameLabel]
  return name && isManaged(slice) ? [`${slice.metadata.namespace}/${name}`] : []
}

function keysOfService(slice: EndpointSlice): readonly ObjectKey[] {
  const name = slice.metadata.labels?.[serviceNameLabel]
  return name && isManaged(slice) ? [{ namespace: slice.metadata.namespace, name }] : []
}
