import { afterEach, beforeEach, expect, test } from "vitest"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { createServerCache } from "../server-cache.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { resolveService } from "./resolve-service.ts"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

function resolve(name: string, port: number): string {
  const cache = createServerCache(server.server.parts.resources)
  try {
    const address = resolveService(cache, new SeededRandom("a"), { namespace: "default", name, port })
    return `${address.host}:${address.port}`
  } catch (error) {
    return (error as Error).message
  }
}

test("a Service leads to an endpoint that is ready", async () => {
  const { client } = server
  expect(resolve("web", 443)).toBe('service "web" not found')
  await client.create(Service, {
    metadata: { namespace: "default", name: "web" },
    spec: { ports: [{ name: "https", port: 443, targetPort: 8443 }] },
  })
  expect(resolve("web", 80)).toBe('no service port 80 found for service "web"')
  expect(resolve("web", 443)).toBe('no endpoints available for service "web"')
  await client.create(EndpointSlice, {
    metadata: { namespace: "default", name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [
      { addresses: ["10.244.0.7"], conditions: { ready: false } },
      { addresses: ["10.244.0.8"], conditions: { ready: true } },
    ],
    ports: [{ name: "https", port: 8443 }],
  })
  expect(resolve("web", 443)).toBe("10.244.0.8:8443")
})

test("a name for something outside leads nowhere", async () => {
  await server.client.create(Service, {
    metadata: { namespace: "default", name: "far" },
    spec: { type: "ExternalName", externalName: "example.com" },
  })
  expect(resolve("far", 443)).toBe('unsupported service type "ExternalName"')
})
