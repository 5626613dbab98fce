import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { Event as CoreEvent } from "../api/core/v1/event.ts"
import { Event } from "../api/events/v1/event.ts"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { createEventSeriesRecorder } from "./create-event-series-recorder.ts"
import { finishMs } from "./event-series.ts"
import type { ActionEvent } from "./event-series-recorder.ts"

let server: TestServer
let clock: SimulatedClock

beforeEach(async () => {
  server = await startTestServer()
  clock = new SimulatedClock()
})

afterEach(() => server.stop())

const web = {
  apiVersion: "v1",
  kind: "Pod",
  namespace: "default",
  name: "web",
  uid: "1",
  resourceVersion: "7",
}
const failed: ActionEvent = {
  regarding: web,
  type: "Warning",
  reason: "FailedScheduling",
  action: "Scheduling",
  note: "no nodes available to schedule pods",
}

function recorder() {
  const parts = { client: server.client, clock, random: new SeededRandom("events"), log: silentLogger }
  return createEventSeriesRecorder({ ...parts, component: "default-scheduler", host: "box" })
}

const told = (check: (events: readonly Event[]) => void) =>
  vi.waitFor(async () => check((await server.client.list(Event, { namespace: "default" })).items), {
    timeout: 10_000,
  })

test("an action is an event of the new kind, and one of the old kind for who reads those", async () => {
  recorder().record({ ...failed, related: { ...web, name: "other" } })
  await told((events) => expect(events).toHaveLength(1))
  const [event] = (await server.client.list(Event, { namespace: "default" })).items
  expect(event).toMatchObject({
    regarding: web,
    related: { name: "other" },
    action: "Scheduling",
    reason: "FailedScheduling",
    reportingController: "default-scheduler",
    reportingInstance: "default-scheduler-box",
    note: failed.note,
    type: "Warning",
  })
  expect(event!.series).toBeUndefined()
  const [old] = (await server.client.list(CoreEvent, { namespace: "default" })).items
  expect(old).toMatchObject({ message: failed.note, involvedObject: web, firstTimestamp: null })
})

test("what happens again is a series: its beginning is written at once, its length when it is over", async () => {
  const { record } = recorder()
  record(failed)
  await told((events) => expect(events).toHaveLength(1))
  record(failed)
  await told((events) => expect(events[0]!.series?.count).toBe(2))
  for (let count = 3; count <= 10; count++) record(failed)
  await clock.advance(2 * finishMs)
  await told((events) => expect(events.map(({ series }) => series?.count)).toEqual([10]))
})

test("a series whose event is gone is written whole", async () => {
  const { record } = recorder()
  record(failed)
  await told((events) => expect(events).toHaveLength(1))
  await server.client.deleteCollection(Event, { namespace: "default" })
  record(failed)
  await told((events) => expect(events[0]).toMatchObject({ note: failed.note, series: { count: 2 } }))
})
