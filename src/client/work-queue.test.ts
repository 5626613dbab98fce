import { describe, expect, it } from "vitest"
import { formatMetrics } from "../base/metrics.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { AllWorkQueueMetrics } from "./work-queue-metrics.ts"
import { WorkQueue } from "./work-queue.ts"

function setup() {
  const clock = new SimulatedClock()
  return { clock, queue: new WorkQueue({ clock }) }
}

describe("WorkQueue", () => {
  it("hands out a key once however often it was added, in order of the first time", async () => {
    const { queue } = setup()
    for (const key of ["a", "b", "a"]) queue.add(key)
    expect(await queue.take()).toBe("a")
    expect(await queue.take()).toBe("b")
    expect(queue.depth).toBe(0)
  })

  it("never hands a key to two workers, and hands it out again if it was added meanwhile", async () => {
    const { queue } = setup()
    queue.add("a")
    await queue.take()
    queue.add("a")
    expect(queue.depth).toBe(0)
    queue.done("a")
    expect(await queue.take()).toBe("a")
    queue.done("a")
    expect(queue.depth).toBe(0)
  })

  it("leaves a key alone for a while after it was worked on, the first time not", async () => {
    const clock = new SimulatedClock()
    const queue = new WorkQueue({ clock, restMs: 50 })
    queue.add("a")
    expect(await queue.take()).toBe("a")
    queue.add("a")
    queue.done("a")
    await clock.advance(20)
    queue.add("a")
    queue.add("b")
    expect(queue.depth).toBe(1)
    await clock.advance(30)
    expect([await queue.take(), await queue.take()]).toEqual(["b", "a"])
    queue.done("a")
    await clock.advance(50)
    expect(queue.depth).toBe(0)
  })

  it("gives a key to who waits the longest", async () => {
    const { queue } = setup()
    const first = queue.take()
    const second = queue.take()
    queue.add("a")
    queue.add("b")
    expect(await Promise.all([first, second])).toEqual(["a", "b"])
  })

  it("doubles the delay of a failing key from 5 ms to 1000 s, until it is forgotten", () => {
    const { queue } = setup()
    const delays = Array.from({ length: 20 }, () => queue.retry("a"))
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40])
    expect(delays.at(-1)).toBe(1_000_000)
    expect(queue.retry("b")).toBe(5)
    queue.forget("a")
    expect(queue.retry("a")).toBe(5)
  })

  it("adds a delayed key when it is due; the newest delay counts", async () => {
    const { clock, queue } = setup()
    queue.addAfter("a", 1000)
    queue.addAfter("b", 500)
    queue.addAfter("a", 200)
    await clock.advance(199)
    expect(queue.depth).toBe(0)
    await clock.advance(1)
    expect(await queue.take()).toBe("a")
    await clock.advance(2000)
    expect(await queue.take()).toBe("b")
    expect(queue.depth).toBe(0)
  })

  it("forgets a delay that was withdrawn", async () => {
    const { clock, queue } = setup()
    queue.addAfter("a", 1000)
    queue.cancelDelay("a")
    await clock.advance(5000)
    expect(queue.depth).toBe(0)
  })

  it("keeps one entry for a key that is put off a thousand times", async () => {
    const { clock, queue } = setup()
    for (let round = 0; round < 1000; round++) queue.addAfter("a", 60_000 + round)
    await clock.advance(60_998)
    expect(queue.depth).toBe(0)
    await clock.advance(1)
    expect(queue.depth).toBe(1)
  })

  it("ends every take when it is closed", async () => {
    const { queue } = setup()
    const waiting = queue.take()
    queue.close()
    queue.add("a")
    expect(await waiting).toBeUndefined()
    expect(await queue.take()).toBeUndefined()
  })

  it("tells metrics how long keys waited and were worked on", async () => {
    const clock = new SimulatedClock()
    const seen: (string | number)[] = []
    const queue = new WorkQueue({
      clock,
      metrics: {
        added: () => seen.push("added"),
        taken: (waitedMs) => seen.push(waitedMs),
        finished: (workedMs) => seen.push(workedMs),
        retried: () => seen.push("retried"),
      },
    })
    queue.add("a")
    await clock.advance(30)
    await queue.take()
    await clock.advance(7)
    queue.done("a")
    expect(seen).toEqual(["added", 30, 7])
  })

  it("counts under client-go's names", async () => {
    const clock = new SimulatedClock()
    const all = new AllWorkQueueMetrics()
    const queue = new WorkQueue({ clock, metrics: all.of("deployment") })
    for (const key of ["a", "b"]) queue.add(key)
    await queue.take()
    await clock.advance(500)
    queue.retry("c")
    const told = formatMetrics(all.metrics)
    for (const line of [
      'workqueue_depth{name="deployment"} 1',
      'workqueue_adds_total{name="deployment"} 2',
      'workqueue_retries_total{name="deployment"} 1',
      'workqueue_unfinished_work_seconds{name="deployment"} 0.5',
      'workqueue_longest_running_processor_seconds{name="deployment"} 0.5',
      'workqueue_queue_duration_seconds_count{name="deployment"} 1',
    ])
      expect(told).toContain(line)
  })
})
