import { describe, expect, it } from "vitest"
import { EventSeries, finishMs, type Noted } from "./event-series.ts"

const pod = { kind: "Pod", namespace: "default", name: "web", uid: "1", resourceVersion: "7" }

function noted(over: Partial<Noted> = {}): Noted {
  const said = { type: "Warning", reason: "FailedScheduling", action: "Scheduling", note: "no node" } as const
  return { ...said, regarding: pod, name: "web.1", atMs: 1000, ...over }
}

describe("EventSeries", () => {
  it("writes the first and the second of a series, and counts the others", () => {
    const series = new EventSeries()
    expect(series.add(noted())).toEqual(noted())
    expect(series.add(noted({ name: "web.2", atMs: 2000, note: "other words" }))).toEqual(
      noted({ series: { count: 2, lastMs: 2000 } }),
    )
    expect(series.add(noted({ atMs: 3000 }))).toBeUndefined()
    expect(series.finish(3000 + finishMs)).toEqual([])
    expect(series.finish(3001 + finishMs)).toEqual([noted({ series: { count: 3, lastMs: 3000 } })])
    expect(series.size).toBe(0)
  })

  it("takes another state of the object for another thing", () => {
    const series = new EventSeries()
    series.add(noted())
    const later = noted({ regarding: { ...pod, resourceVersion: "8" } })
    expect(series.add(later)).toBe(later)
  })

  it("forgets what came only once without a word", () => {
    const series = new EventSeries()
    series.add(noted())
    expect(series.finish(1001 + finishMs)).toEqual([])
    expect(series.size).toBe(0)
  })

  it("writes a series that goes on every half hour", () => {
    const series = new EventSeries()
    series.add(noted({ atMs: 0 }))
    const writes: number[] = []
    for (let minute = 1; minute <= 90; minute++) {
      const atMs = minute * 60_000
      const begins = series.add(noted({ atMs }))
      if (begins) writes.push(minute)
      if (minute % 6 === 0) for (const _ of series.finish(atMs)) writes.push(minute)
    }
    expect(writes).toEqual([1, 36, 66])
  })
})
