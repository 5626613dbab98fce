import { getEventListeners } from "node:events"
import { expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { silentLogger } from "../../base/log.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import type { Client } from "../../client/client.ts"
import { NodeObjects } from "./node-objects.ts"

// Node.js forgets to remove listeners that another signal should end, once garbage was collected: each would stay for ever.
test("however many objects come and go, the signal of the node has one listener", async () => {
  const stopped = new AbortController()
  // Neither lists nor watches: only what stays behind is looked at.
  const client = {
    list: () => new Promise(() => {}),
    watch: () => new Promise(() => {}),
  } as unknown as Client
  const objects = new NodeObjects({
    client,
    clock: new SimulatedClock(),
    random: new SeededRandom("objects"),
    log: silentLogger,
    signal: stopped.signal,
  })
  const listeners = () => getEventListeners(stopped.signal, "abort").length
  const names = Array.from({ length: 20 }, (_, index) => `config-${index}`)
  const unfollow = names.map((name) => objects.follow(ConfigMap, { namespace: "default", name }, () => {}))
  expect(listeners()).toBe(1)
  for (const each of unfollow) each()
  expect(listeners()).toBe(1)
})
