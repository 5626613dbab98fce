import type { PodAddresses } from "../containers/pod-field.ts"
import type { Machine } from "../node-host.ts"
import type { PodState } from "./pod-state.ts"
import { currentSandbox } from "./runtime-pod.ts"

/** The node's addresses as pods see them, the primary at the head. */
export function hostIpsOf({ addresses }: Machine): readonly string[] {
  return addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address)
}

/** `podIps` is empty while the pod has no sandbox. */
export function addressesOf({ pod, runtime }: PodState, machine: Machine): PodAddresses {
  const hostIps = hostIpsOf(machine)
  return { hostIps, podIps: (pod.spec.hostNetwork ? hostIps : currentSandbox(runtime)?.ips) ?? [] }
}
