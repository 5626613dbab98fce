import { Service } from "../../api/core/v1/service.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { matchesLabels, type Selector, selectorFromLabels } from "../../apimachinery/labels.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import type { Cache } from "../../client/cache.ts"
import { labelOf, selectPods } from "./pods-by-label.ts"

/** Index of Services by the first label that they select: `watch(Service, keys, servicesByLabel)`. */
export const servicesByLabel = {
  selects(service: Service): readonly string[] {
    const [first] = selectorOf(service).requirements
    return first ? [labelOf(service.metadata.namespace, first.key, first.values[0]!)] : []
  },
}

/** The Services that a pod stands behind; asked of its state before and after a change. Needs `servicesByLabel`. */
export function keysOfServices(pod: Pod, cache: Cache): readonly ObjectKey[] {
  const { namespace, labels = {} } = pod.metadata
  return Object.entries(labels)
    .flatMap(([key, value]) => cache.byIndex(Service, "selects", labelOf(namespace, key, value)))
    .filter((service) => matchesLabels(selectorOf(service), labels))
    .map(keyOf)
}

/** A Service without a selector, or with an empty one, selects no pods here: its endpoints are made by somebody else. */
export function hasSelector({ spec }: Service): boolean {
  return spec.type !== "ExternalName" && Object.keys(spec.selector ?? {}).length > 0
}

const nothing: Selector = { requirements: [], nothing: true }
const known = new WeakMap<Service, Selector>()

function selectorOf(service: Service): Selector {
  let selector = known.get(service)
  if (!selector) {
    selector = hasSelector(service) ? selectorFromLabels(service.spec.selector) : nothing
    known.set(service, selector)
  }
  return selector
}

/** The pods behind a Service, in the order in which they appeared. Needs `podsByLabel`. */
export function podsBehind(service: Service, cache: Cache): readonly Pod[] {
  return selectPods(cache, service.metadata.namespace ?? "", selectorOf(service))
}
