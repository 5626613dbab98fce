import type { Kubelet } from "../kubelet.ts"

/** GET /configz: how this kubelet works. */
export function configz({ services }: Kubelet): object {
  return { kubeletconfig: services.configuration }
}
