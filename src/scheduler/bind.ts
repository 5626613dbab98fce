import { Pod } from "../api/core/v1/pod.ts"
import { keyOf } from "../apimachinery/meta.ts"
import type { Client } from "../client/client.ts"
import type { PodInfo } from "./pod-info.ts"

/** Tells the API server where the pod goes. Throws what it says. */
export async function bind({ pod }: PodInfo, nodeName: string, client: Client): Promise<void> {
  const { name, namespace, uid } = pod.metadata
  await client.createSubresource(Pod, keyOf(pod), "binding", {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, namespace, uid },
    target: { kind: "Node", name: nodeName },
  })
}
