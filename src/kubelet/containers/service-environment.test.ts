import { expect, it } from "vitest"
import type { Service } from "../../api/core/v1/service.ts"
import { serviceEnvironment, servicesForPod } from "./service-environment.ts"

const service = (namespace: string, name: string, clusterIP: string, ports: object[]): Service =>
  ({ metadata: { namespace, name }, spec: { clusterIP, ports } }) as unknown as Service

it("tells of Services as Docker's links did", () => {
  const redis = service("default", "redis-primary", "10.0.0.11", [
    { port: 6379, protocol: "TCP", name: "data-port" },
    { port: 53, protocol: "UDP", name: "dns" },
  ])
  expect(serviceEnvironment([redis, service("default", "headless", "None", [{ port: 1 }])])).toEqual({
    REDIS_PRIMARY_SERVICE_HOST: "10.0.0.11",
    REDIS_PRIMARY_SERVICE_PORT: "6379",
    REDIS_PRIMARY_SERVICE_PORT_DATA_PORT: "6379",
    REDIS_PRIMARY_SERVICE_PORT_DNS: "53",
    REDIS_PRIMARY_PORT: "tcp://10.0.0.11:6379",
    REDIS_PRIMARY_PORT_6379_TCP: "tcp://10.0.0.11:6379",
    REDIS_PRIMARY_PORT_6379_TCP_PROTO: "tcp",
    REDIS_PRIMARY_PORT_6379_TCP_PORT: "6379",
    REDIS_PRIMARY_PORT_6379_TCP_ADDR: "10.0.0.11",
    REDIS_PRIMARY_PORT_53_UDP: "udp://10.0.0.11:53",
    REDIS_PRIMARY_PORT_53_UDP_PROTO: "udp",
    REDIS_PRIMARY_PORT_53_UDP_PORT: "53",
    REDIS_PRIMARY_PORT_53_UDP_ADDR: "10.0.0.11",
  })
})

it("always tells of the API server, and of others only in the pod's own namespace", () => {
  const all = [
    service("default", "kubernetes", "10.0.0.1", [{ port: 443 }]),
    service("default", "web", "10.0.0.2", [{ port: 80 }]),
    service("other", "db", "10.0.0.3", [{ port: 1 }]),
  ]
  const names = (namespace: string, links: boolean) =>
    servicesForPod(all, namespace, links).map(({ metadata }) => metadata.name)
  expect(names("default", true)).toEqual(["kubernetes", "web"])
  expect(names("other", true)).toEqual(["db", "kubernetes"])
  expect(names("other", false)).toEqual(["kubernetes"])
})
