import { describe, expect, it } from "vitest"
import { silentLogger } from "./log.ts"
import { SimulatedClock } from "./simulated/clock.ts"
import { SyncLoop } from "./sync-loop.ts"

function start(options: { inspect?: () => Promise<boolean> } = {}) {
  const clock = new SimulatedClock()
  const stop = new AbortController()
  const calls: { finish: (error?: Error) => void }[] = []
  const loop = new SyncLoop({
    clock,
    log: silentLogger,
    sync: () =>
      new Promise((resolve, reject) =>
        calls.push({ finish: (error) => (error ? reject(error) : resolve()) }),
      ),
    ...options,
  })
  const running = loop.run(stop.signal)
  return { clock, stop, calls, loop, running }
}

describe("SyncLoop", () => {
  it("syncs at once, and takes changes that come meanwhile together", async () => {
    const { clock, calls, loop, stop, running } = start()
    let settled = false
    expect(calls).toHaveLength(1)
    loop.trigger()
    loop.trigger()
    void loop.settled().then(() => (settled = true))
    calls[0]!.finish()
    await clock.advance(0)
    expect(calls).toHaveLength(2)
    expect(settled).toBe(false)
    calls[1]!.finish()
    await clock.advance(0)
    expect(settled).toBe(true)
    expect(calls).toHaveLength(2)
    loop.trigger()
    await clock.advance(0)
    expect(calls).toHaveLength(3)
    calls[2]!.finish()
    stop.abort()
    await running
  })

  it("tries again after a failure, and is ready only after a success", async () => {
    const { clock, calls, loop, stop, running } = start()
    let ready = false
    void loop.ready.then(() => (ready = true))
    calls[0]!.finish(new Error("no"))
    await clock.advance(999)
    expect(calls).toHaveLength(1)
    await clock.advance(1)
    expect(calls).toHaveLength(2)
    expect(ready).toBe(false)
    calls[1]!.finish()
    await clock.advance(0)
    expect(ready).toBe(true)
    stop.abort()
    await running
  })

  it("looks after the world between changes", async () => {
    let well = true
    const { clock, calls, stop, running } = start({ inspect: async () => well })
    calls[0]!.finish()
    await clock.advance(60_000)
    expect(calls).toHaveLength(1)
    well = false
    await clock.advance(30_000)
    expect(calls).toHaveLength(2)
    calls[1]!.finish()
    stop.abort()
    await running
  })
})
