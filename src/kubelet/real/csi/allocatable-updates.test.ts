import { expect, it } from "vitest"
import { silentLogger } from "../../../base/log.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import { AllocatableUpdates } from "./allocatable-updates.ts"

it("asks the driver as often as its CSIDriver says, and follows what it says", async () => {
  const clock = new SimulatedClock()
  const stop = new AbortController()
  const refreshed: number[] = []
  let period: number | undefined = 10
  let changed = () => {}
  const updates = new AllocatableUpdates({
    objects: {
      find: (async () => ({
        spec: { nodeAllocatableUpdatePeriodSeconds: period },
      })) as unknown as NodeObjects["find"],
      follow(_, __, tell) {
        changed = tell
        return () => (changed = () => {})
      },
    },
    clock,
    log: silentLogger,
    signal: stop.signal,
    refresh: async () => void refreshed.push(clock.monotonic()),
  })
  const begin = clock.monotonic()
  const times = () => refreshed.splice(0).map((at) => (at - begin) / 1000)
  const become = (next: number | undefined) => {
    period = next
    changed()
  }

  updates.start("disks")
  await clock.advance(25_000)
  expect(times()).toEqual([10, 20])
  become(30)
  await clock.advance(60_000)
  expect(times()).toEqual([55, 85])
  become(undefined)
  await clock.advance(600_000)
  expect(times()).toEqual([])
  become(100)
  await clock.advance(100_000)
  expect(times()).toEqual([785])
  updates.stop("disks")
  await clock.advance(600_000)
  updates.start("disks")
  stop.abort()
  await clock.advance(600_000)
  expect(times()).toEqual([])
})
