import { expect, it } from "vitest"
import { formatGroupVersion, type KubeObject } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { JsonObject } from "../apimachinery/schema.ts"
import { decodeObject } from "../apimachinery/structural.ts"
import { HorizontalPodAutoscaler } from "./autoscaling/v1/horizontal-pod-autoscaler.ts"
import { HorizontalPodAutoscaler as V2HorizontalPodAutoscaler } from "./autoscaling/v2/horizontal-pod-autoscaler.ts"
import { Event as CoreEvent } from "./core/v1/event.ts"
import { Event } from "./events/v1/event.ts"
import { ResourceClaim as V1ResourceClaim } from "./resource/v1/resource-claim.ts"
import { ResourceSlice as V1ResourceSlice } from "./resource/v1/resource-slice.ts"
import { ResourceClaim } from "./resource/v1beta1/resource-claim.ts"
import { ResourceSlice } from "./resource/v1beta1/resource-slice.ts"

function object<T extends KubeObject>(resource: Resource<T>, fields: object): T {
  const value = {
    apiVersion: formatGroupVersion(resource),
    kind: resource.kind,
    metadata: { name: "a" },
    ...fields,
  }
  return decodeObject(resource.schema, value) as unknown as T
}

/** There and back again; each side in its canonical form. */
function roundTrip<T extends KubeObject>(served: Resource<T>, stored: Resource, original: T) {
  const there = object(stored, {
    ...served.conversion?.toStored(original),
    kind: stored.kind,
    apiVersion: formatGroupVersion(stored),
  })
  const back = object(served, {
    ...served.conversion?.fromStored(there),
    kind: served.kind,
    apiVersion: formatGroupVersion(served),
  })
  expect(back).toEqual(original)
  return there as KubeObject & JsonObject
}

it("an Event of events.k8s.io is one of core under other names", () => {
  const event = object(Event, {
    regarding: { kind: "Pod", name: "web" },
    note: "Started",
    reportingController: "kubelet",
    reportingInstance: "node-1",
    eventTime: "2026-01-02T03:04:05.000000Z",
    series: { count: 2, lastObservedTime: "2026-01-02T03:04:06.000000Z" },
    deprecatedCount: 3,
  })
  expect(roundTrip(Event, CoreEvent as never, event)).toMatchObject({
    involvedObject: { kind: "Pod", name: "web" },
    message: "Started",
    reportingComponent: "kubelet",
    count: 3,
  })
})

it("a v1 autoscaler's CPU is a metric of v2", () => {
  const autoscaler = object(HorizontalPodAutoscaler, {
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "web" },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
    },
  })
  expect(
    roundTrip(HorizontalPodAutoscaler, V2HorizontalPodAutoscaler as never, autoscaler)["spec"],
  ).toMatchObject({
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
      },
    ],
  })
})

it("what v1 cannot say of an autoscaler travels in annotations", () => {
  const target = { type: "AverageValue", averageValue: "10" }
  const stored = object(V2HorizontalPodAutoscaler, {
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "web" },
      maxReplicas: 3,
      metrics: [
        { type: "Pods", pods: { metric: { name: "requests" }, target } },
        { type: "ContainerResource", containerResource: { name: "memory", container: "web", target } },
        {
          type: "Object",
          object: {
            metric: { name: "hits" },
            describedObject: { kind: "Ingress", name: "main" },
            target: { type: "Value", value: "2k" },
          },
        },
        { type: "External", external: { metric: { name: "queue" }, target } },
      ],
      behavior: { scaleUp: { policies: [{ type: "Pods", value: 1, periodSeconds: 15 }] } },
    },
    status: {
      currentReplicas: 1,
      conditions: [{ type: "AbleToScale", status: "True", lastTransitionTime: "2026-01-02T03:04:05Z" }],
      currentMetrics: [
        { type: "Pods", pods: { metric: { name: "requests" }, current: { averageValue: "9" } } },
      ],
    },
  })
  const served = HorizontalPodAutoscaler.conversion!.fromStored(stored)
  expect(Object.keys(served.metadata.annotations ?? {})).toHaveLength(4)
  expect(served.metadata.annotations?.["autoscaling.alpha.kubernetes.io/behavior"]).toContain('"ScaleUp"')
  const back = HorizontalPodAutoscaler.conversion!.toStored(served)
  expect(object(V2HorizontalPodAutoscaler, back)).toEqual(stored)
})

it("a v1beta1 ResourceClaim asks in the request itself", () => {
  const claim = object(ResourceClaim, {
    spec: { devices: { requests: [{ name: "gpu", deviceClassName: "gpus", count: 2 }] } },
  })
  expect(roundTrip(ResourceClaim, V1ResourceClaim as never, claim)["spec"]).toEqual({
    devices: { requests: [{ name: "gpu", exactly: { deviceClassName: "gpus", count: 2 } }] },
  })
})

it("a v1beta1 ResourceClaim that names alternatives asks for nothing else", () => {
  const request = { name: "gpu", firstAvailable: [{ name: "small", deviceClassName: "gpu" }] }
  const claim = object(ResourceClaim, { spec: { devices: { requests: [request] } } })
  const [stored] = (roundTrip(ResourceClaim, V1ResourceClaim as never, claim) as unknown as V1ResourceClaim)
    .spec.devices.requests
  expect(stored!.firstAvailable).toHaveLength(1)
  expect(stored!.exactly).toBeUndefined()
})

it("a v1beta1 device is described in its basic part", () => {
  const slice = object(ResourceSlice, {
    spec: {
      driver: "gpus.example",
      pool: { name: "p", generation: 1, resourceSliceCount: 1 },
      nodeName: "node-1",
      devices: [{ name: "gpu-0", basic: { capacity: { memory: { value: "8Gi" } } } }],
    },
  })
  expect(roundTrip(ResourceSlice, V1ResourceSlice as never, slice)["spec"]).toMatchObject({
    nodeName: "node-1",
    devices: [{ name: "gpu-0", capacity: { memory: { value: "8Gi" } } }],
  })
})
