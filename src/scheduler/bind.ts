import { Pod } from "../api/core/v1/pod.ts"
import { keyOf } from "../apimachinery/meta.ts"
import type { WeightedPlugin } from "./find-node.ts"
import type { BindContext } from "./framework.ts"
import type { PodInfo } from "./pod-info.ts"

/** Prepares what the pod needs on the node, then tells the API server. Throws what either says. */
export async function bind(
  info: PodInfo,
  nodeName: string,
  plugins: readonly WeightedPlugin[],
  context: BindContext,
): Promise<void> {
  for (const { plugin } of plugins) await plugin.preBind?.(info, nodeName, context)
  const { metadata } = info.pod
  await context.client.createSubresource(Pod, keyOf(info.pod), "binding", {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
    target: { kind: "Node", name: nodeName },
  })
}
