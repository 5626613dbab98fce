import { ipFamily } from "../../base/ip-address.ts"
import type { PodAddresses } from "../containers/pod-field.ts"
import type { Machine } from "../node-host.ts"
import type { PodState } from "./pod-state.ts"
import { currentSandbox } from "./runtime-pod.ts"

/** The node's addresses as pods see them, the primary at the head. */
export function hostIpsOf({ addresses }: Machine): readonly string[] {
  return addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address)
}

/** `podIps` is empty while the pod has no sandbox. */
export function addressesOf(state: PodState, machine: Machine): PodAddresses {
  const hostIps = hostIpsOf(machine)
  return { hostIps, podIps: podIpsOf(state, hostIps) }
}

/**
 * The pod's addresses, none while it has no sandbox. The first is of the family of its node's first, whichever the runtime
 * names first.
 */
export function podIpsOf(
  { pod, runtime }: Pick<PodState, "pod" | "runtime">,
  hostIps: readonly string[],
): readonly string[] {
  const ips = (pod.spec.hostNetwork ? hostIps : currentSandbox(runtime)?.ips) ?? []
  const first = ips.find((ip) => hostIps[0] !== undefined && ipFamily(ip) === ipFamily(hostIps[0]))
  return first === undefined ? ips : [first, ...ips.filter((ip) => ip !== first)]
}
