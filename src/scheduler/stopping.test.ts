import { expect, test } from "vitest"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { createClient } from "../client/create-client.ts"
import { createEventSeriesRecorder } from "../client/create-event-series-recorder.ts"
import { createInformers } from "../client/informers.ts"
import { createScheduler } from "./scheduler.ts"

test("ends when asked though the server has never told it anything", async () => {
  const silent = () => new Promise<never>(() => {})
  const client = createClient({ request: silent, watch: silent, stream: silent })
  const parts = {
    client,
    clock: new SimulatedClock(),
    random: new SeededRandom("stopping"),
    log: silentLogger,
  }
  const informers = createInformers(parts)
  const events = createEventSeriesRecorder({ ...parts, component: "default-scheduler" })
  const scheduler = createScheduler({ ...parts, informers, events })
  const stop = new AbortController()
  informers.start(stop.signal)
  const running = scheduler.run(stop.signal)
  stop.abort()
  await running
  expect(scheduler.pending()).toEqual([])
})
