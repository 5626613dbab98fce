import type { Labels } from "../../apimachinery/labels.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"

export type PolicyProtocol = "TCP" | "UDP" | "SCTP"

/** A pod as policies see it: who it is, where it is and what it calls its ports. */
export interface PolicyPod {
  readonly namespace: string
  readonly labels: Labels
  readonly addresses: readonly string[]
  readonly ports: readonly NamedPort[]
  /** On this node: its connections are ours to judge. */
  readonly local: boolean
}

export interface NamedPort {
  readonly name: string
  readonly protocol: PolicyProtocol
  readonly port: number
}

/**
 * Undefined for pods that policies do not know: those that live on the node's own address, and those that have none, no
 * longer or not yet. `announced` are the addresses that a pod of this node is about to get.
 */
export function toPolicyPod(
  pod: Pod,
  nodeName: string,
  announced: readonly string[] = [],
): PolicyPod | undefined {
  const { spec, status, metadata } = pod
  if (spec.hostNetwork || status.phase === "Succeeded" || status.phase === "Failed") return undefined
  const addresses = status.podIPs?.length ? status.podIPs.map(({ ip }) => ip) : announced
  if (addresses.length === 0) return undefined
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")
  return {
    namespace: metadata.namespace ?? "",
    labels: metadata.labels ?? {},
    addresses,
    ports: [...spec.containers, ...sidecars].flatMap(namedPorts),
    local: spec.nodeName === nodeName,
  }
}

function namedPorts({ ports }: Container): NamedPort[] {
  return (ports ?? []).flatMap(({ name, protocol = "TCP", containerPort }) =>
    name ? [{ name, protocol, port: containerPort }] : [],
  )
}
