import type { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import type { Service, ServiceSpec } from "../api/core/v1/service.ts"

/** A Service as the API server would give it; `spec` says what matters to the test. */
export function testService(
  name: string,
  spec: Partial<ServiceSpec>,
  ingressIps: readonly string[] = [],
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadataOf(name),
    spec: {
      type: "ClusterIP",
      sessionAffinity: "None",
      clusterIP: "10.96.0.1",
      ports: [{ port: 80, targetPort: 8080, protocol: "TCP" }],
      ...spec,
    },
    status: { loadBalancer: { ingress: ingressIps.map((ip) => ({ ip, ipMode: "VIP" })) } },
  }
}

export interface TestEndpoint {
  readonly address: string
  readonly node?: string
  readonly ready?: boolean
  readonly serving?: boolean
  readonly terminating?: boolean
  readonly zones?: readonly string[]
  readonly nodes?: readonly string[]
}

export function testSlice(
  serviceName: string,
  endpoints: readonly TestEndpoint[],
  ports: readonly { name?: string; port: number; protocol?: "TCP" | "UDP" | "SCTP" }[] = [{ port: 8080 }],
): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      ...metadataOf(`${serviceName}-abcde`),
      labels: { "kubernetes.io/service-name": serviceName },
    },
    addressType: endpoints[0]?.address.includes(":") ? "IPv6" : "IPv4",
    endpoints: endpoints.map(({ address, node, zones, nodes, ...conditions }) => ({
      addresses: [address],
      conditions,
      ...(node !== undefined && { nodeName: node }),
      ...((zones ?? nodes) && {
        hints: {
          forZones: (zones ?? []).map((name) => ({ name })),
          forNodes: (nodes ?? []).map((name) => ({ name })),
        },
      }),
    })),
    ports: ports.map(({ name = "", port, protocol = "TCP" }) => ({ name, port, protocol })),
  }
}

function metadataOf(name: string) {
  return {
    namespace: "default",
    name,
    uid: `uid-${name}`,
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
  }
}
