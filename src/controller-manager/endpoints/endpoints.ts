/**
 * Endpoints: the pods behind a Service in one object of the Service's name, for clients that do not know EndpointSlices.
 *
 * Owns the Endpoints objects of Services that have a selector, by name.
 * Reads Services, pods and Endpoints; writes Endpoints.
 * Woken by changes of Services, of the pods they select, and of Endpoints.
 */
import { Endpoints } from "../../api/core/v1/endpoints.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Service } from "../../api/core/v1/service.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { TriggerTimes, withTriggerTime } from "../endpointslice/trigger-time.ts"
import { hasSelector, keysOfServices, podsBehind, servicesByLabel } from "../shared/keys-of-services.ts"
import { podStatusRestMs } from "../shared/pod-status-rest.ts"
import { podsByLabel } from "../shared/pods-by-label.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { sameMap } from "../shared/deep-equal.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"
import { computeSubsets, truncate } from "./plan.ts"
import { messageOf } from "../../base/message-of.ts"

const managedByLabel = "endpoints.kubernetes.io/managed-by"
const managedBy = "endpoint-controller"
const capacityAnnotation = "endpoints.kubernetes.io/over-capacity"

export function createEndpointsController(): ControllerDefinition {
  const triggerTimes = new TriggerTimes()
  return {
    name: "endpoints-controller",
    eventSource: "endpoint-controller",
    restMs: podStatusRestMs,
    watches: [
      watch(Service, (service) => [keyOf(service)], servicesByLabel),
      watch(Pod, keysOfServices, podsByLabel),
      watch(Endpoints, (endpoints) => [keyOf(endpoints)]),
    ],
    reconcile: (key, context) => reconcile(key, context, triggerTimes),
  }
}

async function reconcile(
  key: ObjectKey,
  context: ReconcileContext,
  triggerTimes: TriggerTimes,
): Promise<Result> {
  const { client, cache } = context

  // Observe.
  const service = cache.find(Service, key)
  const present = cache.find(Endpoints, key)
  if (!service) {
    triggerTimes.forget(key)
    // Endpoints that somebody else wrote (old-style leader elections do) need no Service.
    if (present?.metadata.labels?.[managedByLabel] === managedBy)
      await client.delete(Endpoints, key).catch(ignoreNotFound)
    return done
  }
  if (!hasSelector(service)) return done
  const pods = podsBehind(service, cache)

  // Decide.
  const { subsets, truncated } = truncate(computeSubsets(service, pods))
  const labels = labelsFor(service)
  const triggerTime = triggerTimes.next(service, pods)
  const isMarked = present?.metadata.annotations?.[capacityAnnotation] === "truncated"
  const isCurrent =
    semanticallyEqual(present?.subsets, subsets) &&
    sameMap(present?.metadata.labels, labels) &&
    isMarked === truncated
  if (present && isCurrent) return done

  // Act.
  const { [capacityAnnotation]: _, ...others } = present?.metadata.annotations ?? {}
  const annotations = truncated ? { ...others, [capacityAnnotation]: "truncated" } : others
  await write(context, service, present, { labels, annotations, subsets, triggerTime })
  return done
}

async function write(
  { client, events }: ReconcileContext,
  service: Service,
  present: Endpoints | undefined,
  wanted: Pick<Endpoints["metadata"], "labels" | "annotations"> &
    Pick<Endpoints, "subsets"> & { triggerTime: string | undefined },
): Promise<void> {
  const { labels, annotations, subsets, triggerTime } = wanted
  const { namespace, name } = service.metadata
  try {
    if (present) {
      const metadata = { ...present.metadata, labels, annotations }
      await client.update(Endpoints, withTriggerTime({ ...present, metadata, subsets }, triggerTime))
    } else {
      const metadata = { namespace, name, labels, annotations }
      await client.create(Endpoints, withTriggerTime({ metadata, subsets }, triggerTime))
    }
  } catch (error) {
    if (!present && isNamespaceTerminating(error)) return
    const [reason, message] = present
      ? ["FailedToUpdateEndpoint", `Failed to update endpoint ${namespace}/${name}: ${messageOf(error)}`]
      : [
          "FailedToCreateEndpoint",
          `Failed to create endpoint for service ${namespace}/${name}: ${messageOf(error)}`,
        ]
    events.event(present ?? service, "Warning", reason, message)
    throw error
  }
}

function labelsFor({ metadata, spec }: Service): Record<string, string> {
  const isHeadless = !spec.clusterIP || spec.clusterIP === "None"
  return {
    ...metadata.labels,
    [managedByLabel]: managedBy,
    ...(isHeadless && { "service.kubernetes.io/headless": "" }),
  }
}
