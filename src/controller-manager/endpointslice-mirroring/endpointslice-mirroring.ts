/**
 * EndpointSlice mirroring: Endpoints that somebody wrote for a Service without a selector are told as EndpointSlices, too.
 *
 * Owns the slices labelled as managed by it, by owner reference and the label kubernetes.io/service-name.
 * Reads Endpoints, Services and slices; writes slices. Woken by changes of all three.
 */
import { Endpoints } from "../../api/core/v1/endpoints.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { managedByLabel, serviceNameLabel } from "../endpointslice/plan.ts"
import { ignoreNamespaceTerminating } from "../shared/pod-control.ts"
import { isMirrored, managedBy, maxAddressesPerSubset, planMirror } from "./plan.ts"

export const endpointSliceMirroringController: ControllerDefinition = {
  name: "endpointslice-mirroring-controller",
  backoff: { initialMs: 1000, maxMs: 100_000 },
  eventSource: "endpoint-slice-mirroring-controller",
  watches: [
    watch(Endpoints, (endpoints) => [keyOf(endpoints)]),
    watch(Service, (service) => (service.spec.selector === undefined ? [keyOf(service)] : [])),
    watch(EndpointSlice, keysOfService, { mirroredService: mirroredServiceOf }),
  ],
  reconcile,
}

async function reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { client, cache, events } = context

  // Observe.
  const endpoints = cache.find(Endpoints, key)
  const service = cache.find(Service, key)
  const existing = cache.byIndex(EndpointSlice, "mirroredService", `${key.namespace}/${key.name}`)
  if (!endpoints || !isMirrored(endpoints) || !service || service.spec.selector !== undefined) {
    for (const slice of existing) await client.delete(EndpointSlice, keyOf(slice)).catch(ignoreNotFound)
    return done
  }

  // Decide.
  const plan = planMirror(endpoints, existing)
  if (plan.invalid > 0)
    events.event(
      endpoints,
      "Warning",
      "InvalidIPAddress",
      `Skipped ${plan.invalid} invalid IP addresses when mirroring to EndpointSlices`,
    )
  if (plan.tooMany > 0)
    events.event(
      endpoints,
      "Warning",
      "TooManyAddressesToMirror",
      `A max of ${maxAddressesPerSubset} addresses can be mirrored to EndpointSlices per Endpoints subset. ` +
        `${plan.tooMany + plan.invalid} addresses were skipped`,
    )

  // Act.
  for (const slice of plan.create) await client.create(EndpointSlice, slice).catch(ignoreNamespaceTerminating)
  for (const slice of plan.update) await client.update(EndpointSlice, slice)
  for (const slice of plan.delete) await client.delete(EndpointSlice, keyOf(slice)).catch(ignoreNotFound)
  return done
}

function mirroredServiceOf({ metadata }: EndpointSlice): readonly string[] {
  const name = metadata.labels?.[serviceNameLabel]
  return name && metadata.labels?.[managedByLabel] === managedBy ? [`${metadata.namespace}/${name}`] : []
}

function keysOfService(slice: EndpointSlice): readonly ObjectKey[] {
  const name = slice.metadata.labels?.[serviceNameLabel]
  return name && mirroredServiceOf(slice).length > 0 ? [{ namespace: slice.metadata.namespace, name }] : []
}
