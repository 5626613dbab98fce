import type { Pod } from "./pod.ts"

/** A port of the node's that a container is reached at. */
export interface HostPort {
  /** "0.0.0.0": on every address. */
  readonly address: string
  readonly protocol: string
  readonly port: number
}

export function hostPortsOf({ spec }: Pod): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ hostPort, hostIP, protocol }) => ({
        address: hostIP || "0.0.0.0",
        protocol: protocol || "TCP",
        port: hostPort!,
      })),
  )
}

/** Whether a node cannot have both. */
export function collide(a: HostPort, b: HostPort): boolean {
  const sharesAddress = a.address === "0.0.0.0" || b.address === "0.0.0.0" || a.address === b.address
  return a.port === b.port && a.protocol === b.protocol && sharesAddress
}
