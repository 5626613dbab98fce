import type { Pod } from "../../src/api/core/v1/pod.ts"
import type { Service } from "../../src/api/core/v1/service.ts"
import type { EndpointSlice } from "../../src/api/discovery/v1/endpoint-slice.ts"
import type { Observed } from "../world/history.ts"
import { type Checker, isReady, nameOf } from "./checker.ts"

/** An endpoint is never called ready before its pod was; at rest, the ready ones are just the pods that are. */
export function endpoints(): Checker {
  const everReady = new Set<string>()
  return {
    name: "endpoints",
    observe({ resource, current }) {
      if (resource === "pods" && current && isReady(current as Pod)) everReady.add(current.metadata.uid)
      if (resource !== "endpointslices" || !current) return undefined
      const early = readyIn([current as EndpointSlice]).find((uid) => !everReady.has(uid))
      return early && `${nameOf(current)} calls the pod ${early} ready, which never was`
    },
    atRest(objects) {
      for (const service of objects.list<Service>("services/specs")) {
        if (!service.spec.selector) continue
        const expected = readyPodsOf(service, objects)
        const slices = objects
          .list<EndpointSlice>("endpointslices")
          .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service.metadata.name)
        const actual = readyIn(slices).sort().join()
        if (actual !== expected) return `${nameOf(service)} leads to [${actual}] and should to [${expected}]`
      }
      return undefined
    },
  }
}

function readyPodsOf({ spec }: Service, objects: Observed): string {
  const selected = objects
    .list<Pod>("pods")
    .filter((pod) =>
      Object.entries(spec.selector!).every(([key, value]) => pod.metadata.labels?.[key] === value),
    )
  return selected
    .filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.uid)
    .sort()
    .join()
}

function readyIn(slices: readonly EndpointSlice[]): string[] {
  return slices.flatMap(({ endpoints: all }) =>
    (all ?? [])
      .filter(({ conditions }) => conditions?.ready)
      .flatMap(({ targetRef }) => (targetRef?.uid ? [targetRef.uid] : [])),
  )
}
