import type { EndpointAddress, EndpointPort, EndpointSubset } from "../../api/core/v1/endpoints.ts"
import { canonicalJson } from "../../apimachinery/hash.ts"

export interface Reachable {
  readonly address: EndpointAddress
  readonly ready: boolean
}

export interface PackedSubset {
  readonly ports: readonly EndpointPort[]
  readonly addresses: readonly Reachable[]
}

/**
 * The same endpoints in as few subsets as can say it: ports behind which the very same addresses stand are told together.
 * An address that one subset calls ready and another does not is not ready.
 */
export function repackSubsets(subsets: readonly EndpointSubset[] = []): PackedSubset[] {
  const byPort = new Map<string, { port: EndpointPort | undefined; addresses: Map<string, Reachable> }>()
  for (const subset of subsets) {
    const ports = subset.ports?.length ? subset.ports : [undefined]
    for (const port of ports) {
      const key = canonicalJson(port ?? null)
      const known = byPort.get(key) ?? { port, addresses: new Map<string, Reachable>() }
      byPort.set(key, known)
      for (const address of subset.addresses ?? []) note(known.addresses, address, true)
      for (const address of subset.notReadyAddresses ?? []) note(known.addresses, address, false)
    }
  }
  const packed = new Map<string, { ports: EndpointPort[]; addresses: Reachable[] }>()
  for (const { port, addresses } of byPort.values()) {
    const sorted = Array.from(addresses)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, reachable]) => reachable)
    const key = canonicalJson(sorted)
    const subset = packed.get(key) ?? { ports: [], addresses: sorted }
    packed.set(key, subset)
    if (port) subset.ports.push(port)
  }
  return [...packed.values()].filter(({ addresses }) => addresses.length > 0)
}

function note(addresses: Map<string, Reachable>, address: EndpointAddress, ready: boolean): void {
  const key = `${address.ip} ${address.targetRef?.uid ?? ""}`
  const known = addresses.get(key)
  if (!known || known.ready) addresses.set(key, { address: known?.address ?? address, ready })
}
