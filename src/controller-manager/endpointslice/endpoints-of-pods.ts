import { formatIp, parseIp } from "../../base/ip-address.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Service, ServicePort } from "../../api/core/v1/service.ts"
import type { AddressType, Endpoint, EndpointPort } from "../../api/discovery/v1/endpoint-slice.ts"
import { isReady, isTerminal } from "../shared/pods.ts"

/** May be found behind a Service: it has an address and has not finished. */
export function isReachable(pod: Pod): boolean {
  return !isTerminal(pod) && addressesOf(pod).length > 0
}

export function addressesOf({ status }: Pod): readonly string[] {
  if (status.podIPs?.length) return status.podIPs.map(({ ip }) => ip)
  return status.podIP ? [status.podIP] : []
}

/** The addresses of one family in canonical form: usually one or none. */
export function addressesOfType(pod: Pod, type: AddressType): string[] {
  const family = type === "IPv6" ? 6 : 4
  return addressesOf(pod)
    .map(parseIp)
    .filter((address) => address?.family === family)
    .map((address) => formatIp(address!))
}

/**
 * A pod as a Service's endpoint. Serving says that it is ready; ready says that traffic should go there, which a pod that
 * is ending gets only where nothing better is left, and which `publishNotReadyAddresses` says of all.
 */
export function endpointOf(pod: Pod, node: Node | undefined, service: Service, type: AddressType): Endpoint {
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  const { namespace, name, uid } = pod.metadata
  const zone = node?.metadata.labels?.["topology.kubernetes.io/zone"]
  const hostname = hostnameOf(pod, service)
  return {
    addresses: addressesOfType(pod, type),
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
  }
}

/** A pod that asks for a name under a headless Service: "web-0.web". */
export function hostnameOf(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec
  const isNamed = hostname && subdomain === service.metadata.name
  return isNamed && pod.metadata.namespace === service.metadata.namespace ? hostname : undefined
}

/** A Service's ports as this pod has them; a named port that it does not have is left out. */
export function portsOf(pod: Pod, service: Service): EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const servicePort of service.spec.ports ?? []) {
    const port = findPort(pod, servicePort)
    if (port === undefined) continue
    const { name = "", protocol, appProtocol } = servicePort
    ports.push({ name, protocol, port, ...(appProtocol !== undefined && { appProtocol }) })
  }
  return ports
}

/** The number of a target port that may be a name; names of sidecars count after those of containers. */
export function findPort(pod: Pod, { targetPort, protocol }: ServicePort): number | undefined {
  if (typeof targetPort === "number") return targetPort
  const sidecars = (pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always")
  for (const container of [...pod.spec.containers, ...sidecars])
    for (const port of container.ports ?? [])
      if (port.name === targetPort && port.protocol === protocol) return port.containerPort
  return undefined
}
