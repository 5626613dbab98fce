import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { Lease } from "../api/coordination/v1/lease.ts"
import { Event } from "../api/core/v1/event.ts"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import type { Client } from "./client.ts"
import { createEventRecorder } from "./create-event-recorder.ts"
import { runAsLeader } from "./leader-election.ts"

let clock: SimulatedClock
let server: TestServer
beforeEach(async () => {
  clock = new SimulatedClock()
  server = await startTestServer({ clock })
})
afterEach(() => server.stop())

const lease = { namespace: "default", name: "manager" }

function candidate(identity: string) {
  const abort = new AbortController()
  let broken = false
  const client: Client = {
    ...server.client,
    update: (...parameters) =>
      broken ? Promise.reject(new Error("no network")) : server.client.update(...parameters),
    get: (...parameters) =>
      broken ? Promise.reject(new Error("no network")) : server.client.get(...parameters),
  }
  const random = new SeededRandom(identity)
  const options = { client, clock, random, log: silentLogger, signal: abort.signal }
  const state = { leading: false, ended: false, leaders: [] as string[] }
  const running = runAsLeader(
    {
      ...options,
      events: createEventRecorder({ ...options, client: server.client, component: identity }),
      lease,
      identity,
      onNewLeader: (name) => state.leaders.push(name),
    },
    async (signal) => {
      state.leading = true
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
      state.leading = false
    },
  ).then(() => (state.ended = true))
  return { state, running, stop: () => abort.abort(), disconnect: () => (broken = true) }
}

describe("leader election", () => {
  it("lets one lead at a time", async () => {
    const [first, second] = [candidate("first"), candidate("second")]
    await clock.advance(60_000)
    expect([first.state.leading, second.state.leading].filter(Boolean)).toHaveLength(1)
    const { spec } = await server.client.get(Lease, lease)
    expect(spec).toMatchObject({ holderIdentity: "first", leaseDurationSeconds: 15, leaseTransitions: 0 })
    expect(second.state.leaders).toEqual(["first"])
    first.stop()
    second.stop()
  })

  it("hands over at once when the leader stops, and says so", async () => {
    const first = candidate("first")
    await clock.advance(5000)
    const second = candidate("second")
    await clock.advance(5000)
    first.stop()
    await clock.advance(5000)
    expect([first.state.ended, second.state.leading]).toEqual([true, true])
    expect((await server.client.get(Lease, lease)).spec).toMatchObject({
      holderIdentity: "second",
      leaseTransitions: 1,
    })
    const messages = (await server.client.list(Event)).items.map(
      ({ reason, message }) => `${reason} ${message}`,
    )
    expect(messages).toEqual([
      "LeaderElection first became leader",
      "LeaderElection first stopped leading",
      "LeaderElection second became leader",
    ])
    second.stop()
  })

  it("makes a leader that cannot renew stop before another begins", async () => {
    const first = candidate("first")
    await clock.advance(5000)
    const second = candidate("second")
    await clock.advance(5000)
    first.disconnect()
    let both = false
    for (let ms = 0; ms < 30_000; ms += 250) {
      await clock.advance(250)
      both ||= first.state.leading && second.state.leading
    }
    expect([first.state.leading, second.state.leading, both]).toEqual([false, true, false])
    second.stop()
  })
})
