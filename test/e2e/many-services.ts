import { EndpointSlice } from "../../src/api/discovery/v1/endpoint-slice.ts"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import type { Client } from "../../src/client/client.ts"
import { eventually } from "./cluster.ts"

const namespace = "many"
/** Requests to the API server that are under way at once. */
const atOnce = 20

/**
 * Services that each lead to all of these pods, without a selector: what is tried is the way from an EndpointSlice to the
 * packet. Gives their addresses.
 */
export async function createServices(
  client: Client,
  count: number,
  endpoints: readonly string[],
): Promise<string[]> {
  await client.create(Namespace, { metadata: { name: namespace } })
  const addresses: string[] = []
  await inParallel(count, async (index) => {
    const name = `service-${index}`
    const { spec } = await client.create(Service, {
      metadata: { namespace, name },
      spec: { ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }] },
    })
    addresses.push(spec.clusterIP!)
    await client.create(EndpointSlice, {
      metadata: { namespace, name, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      endpoints: endpoints.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    })
  })
  return addresses
}

export async function deleteServices(client: Client): Promise<void> {
  await client.delete(Namespace, { name: namespace })
  await eventually(async () => {
    const { items } = await client.list(Service, { namespace })
    if (items.length > 0) throw new Error(`${items.length} Services are still there`)
  }, 60_000)
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await work(next++)
    }),
  )
}
