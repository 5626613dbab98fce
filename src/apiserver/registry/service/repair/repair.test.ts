import { expect, test } from "vitest"
import { Event } from "../../../../api/core/v1/event.ts"
import { Service } from "../../../../api/core/v1/service.ts"
import { IPAddress } from "../../../../api/networking/v1/ip-address.ts"
import { SimulatedClock } from "../../../../base/simulated/clock.ts"
import { createMemoryStore } from "../../../../etcd/memory/memory-store.ts"
import { putUnchecked, startTestServer } from "../../../testing.ts"

const labels = {
  "ipaddress.kubernetes.io/ip-family": "IPv4",
  "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
}
const service = (name: string, clusterIP: string) => ({
  metadata: { namespace: "default", name },
  spec: {
    type: "ClusterIP",
    clusterIP,
    clusterIPs: [clusterIP],
    ipFamilies: ["IPv4"],
    ports: [{ port: 80 }],
  },
})
const address = (name: string, owner: string, of: object = labels) => ({
  metadata: { name, labels: of as Record<string, string> },
  spec: { parentRef: { resource: "services", namespace: "default", name: owner } },
})

// What another program has left in the store is mended when a server starts on it.
test("addresses that Services and IPAddresses do not agree about are repaired", async () => {
  const clock = new SimulatedClock(Date.parse("2026-06-01T00:00:00Z"))
  const store = createMemoryStore({ clock })
  const before = await startTestServer({ clock, store })
  await putUnchecked(before, Service, service("lost", "10.96.7.1") as never)
  await putUnchecked(before, Service, service("outside", "192.0.2.1") as never)
  await putUnchecked(before, Service, service("stolen", "10.96.7.2") as never)
  await putUnchecked(before, Service, service("twin", "10.96.7.1") as never)
  await putUnchecked(before, IPAddress, address("10.96.7.2", "nobody"))
  await putUnchecked(before, IPAddress, address("10.96.7.3", "gone"))
  await putUnchecked(before, IPAddress, address("10.96.7.4", "foreign", {}))
  await before.stop()

  const { client, stop } = await startTestServer({ clock, store })
  const { items } = await client.list(IPAddress)
  const owners = items.map(({ metadata, spec }) => `${metadata.name} ${spec.parentRef.name}`)
  expect(owners.filter((line) => line.startsWith("10.96.7."))).toEqual([
    "10.96.7.1 lost",
    "10.96.7.2 stolen",
    "10.96.7.4 foreign",
  ])
  const told = (await client.list(Event)).items.map(({ reason, involvedObject }) => [
    reason,
    involvedObject.name,
  ])
  expect(told).toContainEqual(["ClusterIPNotAllocated", "lost"])
  expect(told).toContainEqual(["ClusterIPOutOfRange", "outside"])
  expect(told).toContainEqual(["IPAddressNotAllocated", "10.96.7.3"])
  await stop()
})
