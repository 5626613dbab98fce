import type { Pod } from "../../api/core/v1/pod.ts"

/** Index of pods by the node they are bound to: `cache.byIndex(Pod, "node", name)`. */
export const podsByNode = {
  node: ({ spec }: Pod): readonly string[] => (spec.nodeName ? [spec.nodeName] : []),
}
