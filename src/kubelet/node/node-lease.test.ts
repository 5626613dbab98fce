import { afterEach, beforeEach, expect, it } from "vitest"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { Lease } from "../../api/coordination/v1/lease.ts"
import { Node } from "../../api/core/v1/node.ts"
import { keepNodeLease } from "./node-lease.ts"

const namespace = "kube-node-lease"
let server: TestServer
let clock: SimulatedClock
const stop = new AbortController()
beforeEach(async () => {
  clock = new SimulatedClock()
  server = await startTestServer({ clock, random: new SeededRandom("lease") })
})
afterEach(() => stop.abort())

it("is the node's: there is none before it", async () => {
  const { client } = server
  let node: Node | undefined
  const lease = () => client.get(Lease, { namespace, name: "node-1" })
  void keepNodeLease({
    nodeName: "node-1",
    client,
    clock,
    log: silentLogger,
    node: () => node,
    signal: stop.signal,
    durationSeconds: 40,
  })
  await clock.advance(1000)
  await expect(lease()).rejects.toThrow("not found")
  const registered = await client.create(Node, { metadata: { name: "node-1" } })
  node = registered
  await clock.advance(1000)
  const { uid } = registered.metadata
  expect((await lease()).metadata.ownerReferences).toEqual([
    { apiVersion: "v1", kind: "Node", name: "node-1", uid },
  ])
})
