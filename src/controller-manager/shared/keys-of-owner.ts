import {
  controllerOf,
  type KubeObject,
  keyOf,
  type ObjectKey,
  parseGroupVersion,
} from "../../apimachinery/meta.ts"
import {
  type LabelSelectorObject,
  matchesLabels,
  type Selector,
  selectorFromObject,
} from "../../apimachinery/labels.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { Cache } from "../../client/cache.ts"

type Selecting = KubeObject & { spec: { selector?: unknown } }

/**
 * Whom a changed child wakes: its controller if that is of the kind `resource`; for an orphan everyone of that kind who
 * selects it, because they may adopt it.
 */
export function keysOfOwner<O extends Selecting>(
  resource: Resource<O>,
  selectorOf: (owner: O) => Selector = bySelectorObject,
) {
  return (child: KubeObject, cache: Cache): readonly ObjectKey[] => {
    const { namespace, deletionTimestamp, labels } = child.metadata
    const owner = controllerOf(child)
    if (owner) {
      const isOurs =
        owner.kind === resource.kind && parseGroupVersion(owner.apiVersion).group === resource.group
      return isOurs ? [{ namespace, name: owner.name }] : []
    }
    if (deletionTimestamp) return []
    return cache
      .list(resource, { namespace: namespace ?? "" })
      .filter((candidate) => matchesLabels(selectorOf(candidate), labels))
      .map(keyOf)
  }
}

function bySelectorObject({ spec }: Selecting): Selector {
  return selectorFromObject(spec.selector as LabelSelectorObject | undefined)
}
