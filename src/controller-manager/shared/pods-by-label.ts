import { matchesLabels, type Selector } from "../../apimachinery/labels.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Cache } from "../../client/cache.ts"
import { Pod } from "../../api/core/v1/pod.ts"

/** Index of pods by each of their labels: `watch(Pod, keys, podsByLabel)`. */
export const podsByLabel = {
  label: ({ metadata }: KubeObject): readonly string[] =>
    Object.entries(metadata.labels ?? {}).map(([key, value]) => labelOf(metadata.namespace, key, value)),
}

/**
 * The pods of a namespace that a selector selects, in the order in which they appeared. Costs as many looks as there are pods
 * with the rarest of the labels that it asks for, not as there are pods. Needs `podsByLabel` on a watch of pods.
 */
export function selectPods(cache: Cache, namespace: string, selector: Selector): readonly Pod[] {
  if (selector.nothing) return []
  const asked = selector.requirements.filter(
    ({ operator, values }) =>
      values.length === 1 && (operator === "in" || operator === "=" || operator === "=="),
  )
  const lists = asked.map(({ key, values }) =>
    cache.byIndex(Pod, "label", labelOf(namespace, key, values[0]!)),
  )
  const [shortest = cache.list(Pod, { namespace })] = lists.toSorted((a, b) => a.length - b.length)
  return shortest.filter(({ metadata }) => matchesLabels(selector, metadata.labels))
}

/** What a label is called in an index. */
export function labelOf(namespace: string | undefined, key: string, value: string): string {
  return `${namespace ?? ""}/${key}=${value}`
}
