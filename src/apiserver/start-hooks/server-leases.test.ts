import { expect, test } from "vitest"
import { Endpoints } from "../../api/core/v1/endpoints.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { parseNetwork } from "../../base/ip-address.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { startTestServer } from "../testing.ts"
import { ServerLeases } from "./server-leases.ts"

const key = { namespace: "default", name: "kubernetes" }

async function start() {
  const clock = new SimulatedClock()
  const { client, store, stop } = await startTestServer({ clock })
  const network = parseNetwork("10.96.0.0/12")!
  const serverAt = (address: string) =>
    new ServerLeases({
      store,
      client,
      clock,
      log: silentLogger,
      network,
      advertised: { address, port: 6443 },
    })
  const addresses = async () => {
    const { subsets } = await client.get(Endpoints, key)
    const { endpoints } = await client.get(EndpointSlice, key)
    const told = (subsets ?? []).flatMap((subset) => subset.addresses?.map(({ ip }) => ip) ?? [])
    expect(endpoints?.flatMap((endpoint) => endpoint.addresses)).toEqual(told)
    return told
  }
  return { clock, client, store, stop, serverAt, addresses }
}

test("the Service kubernetes leads to every server that lives", async () => {
  const { clock, store, stop, serverAt, addresses } = await start()
  const [a, b] = [serverAt("10.0.0.2"), serverAt("10.0.0.1")]
  await a.start()
  expect(await addresses()).toEqual(["10.0.0.2"])
  await b.start()
  expect(await addresses()).toEqual(["10.0.0.1", "10.0.0.2"])
  await clock.advance(60_000)
  expect(await addresses()).toEqual(["10.0.0.1", "10.0.0.2"])

  // One that ends says so.
  await b.stop()
  expect(await addresses()).toEqual(["10.0.0.2"])
  // One that was killed is missed after 15 seconds: its key hangs on a lease that nobody renews.
  const { id } = await store.leases.grant(15)
  const killed = {
    op: "put",
    key: "/registry/masterleases/10.0.0.3",
    value: new Uint8Array(),
    lease: id,
  } as const
  await store.txn({ success: [killed] })
  await clock.advance(10_000)
  expect(await addresses()).toEqual(["10.0.0.2", "10.0.0.3"])
  await clock.advance(20_000)
  expect(await addresses()).toEqual(["10.0.0.2"])

  // The last one leaves the Service as it is: whoever comes next will be there too.
  await a.stop()
  expect(await addresses()).toEqual(["10.0.0.2"])
  await stop()
})

test("a server that could not renew in time writes itself down again", async () => {
  const { clock, store, stop, serverAt, addresses } = await start()
  const server = serverAt("10.0.0.2")
  await server.start()
  for (const id of await store.leases.list()) await store.leases.revoke(id)
  await clock.advance(10_000)
  expect((await store.range({ key: "/registry/masterleases/10.0.0.2" })).count).toBe(1)
  expect(await addresses()).toEqual(["10.0.0.2"])
  await server.stop()
  await stop()
})
