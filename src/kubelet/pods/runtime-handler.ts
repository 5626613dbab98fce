import type { Pod } from "../../api/core/v1/pod.ts"
import { RuntimeClass } from "../../api/node/v1/runtime-class.ts"
import type { RuntimeService, RuntimeStatus } from "../../container-runtime/cri.ts"
import type { KubeletServices } from "../kubelet-services.ts"

/** What the pod's RuntimeClass calls the runtime's configuration; "" is the default one. */
export async function runtimeHandler({ objects }: KubeletServices, { spec }: Pod): Promise<string> {
  const { runtimeClassName } = spec
  if (!runtimeClassName) return ""
  const runtimeClass = await objects.find(RuntimeClass, { name: runtimeClassName })
  if (runtimeClass) return runtimeClass.handler
  throw new Error(
    `failed to get sandbox runtime: runtimeclass.node.k8s.io ${JSON.stringify(runtimeClassName)} not found`,
  )
}

/** What the runtime can do with one of its configurations, asked anew; undefined: it does not know it, or does not say. */
export async function findHandler(
  runtime: RuntimeService,
  name: string,
): Promise<RuntimeStatus["runtimeHandlers"][number] | undefined> {
  const { runtimeHandlers } = await runtime.status()
  return runtimeHandlers.find((handler) => handler.name === name)
}
