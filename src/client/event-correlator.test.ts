import { describe, expect, it } from "vitest"
import { EventCorrelator, type Occurrence } from "./event-correlator.ts"

const pod = { kind: "Pod", namespace: "default", name: "web", uid: "1" }

function occurrence(over: Partial<Occurrence> = {}): Occurrence {
  return { about: pod, type: "Normal", reason: "Pulled", message: "pulled", atMs: 1000, ...over }
}

describe("EventCorrelator", () => {
  it("counts an event that is said again", () => {
    const correlator = new EventCorrelator()
    const first = correlator.correlate(occurrence(), () => "web.1")
    const second = correlator.correlate(occurrence({ atMs: 5000 }), () => "web.2")
    expect(first).toMatchObject({ kind: "create", event: { name: "web.1", count: 1, namespace: "default" } })
    expect(second).toMatchObject({
      kind: "count",
      event: { name: "web.1", count: 2, firstMs: 1000, lastMs: 5000 },
    })
  })

  it("creates it anew once the server has lost it", () => {
    const correlator = new EventCorrelator()
    const first = correlator.correlate(occurrence(), () => "web.1")
    if (first.kind !== "create") throw new Error(first.kind)
    correlator.forget(first.key)
    expect(correlator.correlate(occurrence(), () => "web.2")).toMatchObject({ kind: "create" })
  })

  it("combines from the tenth different message on", () => {
    const correlator = new EventCorrelator()
    const verdicts = Array.from({ length: 12 }, (_, index) =>
      correlator.correlate(occurrence({ message: `message ${index}` }), () => `web.${index}`),
    )
    expect(verdicts.slice(0, 9).every((verdict) => verdict.kind === "create")).toBe(true)
    expect(verdicts[9]).toMatchObject({
      kind: "create",
      event: { name: "web.9", message: "(combined from similar events): message 9" },
    })
    expect(verdicts[11]).toMatchObject({
      kind: "count",
      event: { name: "web.9", count: 3, message: "(combined from similar events): message 11" },
    })
  })

  it("lets 25 through at once, then one every five minutes", () => {
    const correlator = new EventCorrelator()
    const kinds = Array.from({ length: 30 }, () => correlator.correlate(occurrence(), () => "web.1").kind)
    expect(kinds.filter((kind) => kind !== "drop")).toHaveLength(25)
    expect(correlator.correlate(occurrence({ atMs: 1000 + 299_000 }), () => "x").kind).toBe("drop")
    const later = correlator.correlate(occurrence({ atMs: 1000 + 301_000 }), () => "x")
    expect(later).toMatchObject({ kind: "count", event: { count: 32 } })
  })

  it("throttles each object alone", () => {
    const correlator = new EventCorrelator()
    for (let index = 0; index < 30; index++) correlator.correlate(occurrence(), () => "web.1")
    const other = occurrence({ about: { ...pod, name: "other", uid: "2" } })
    expect(correlator.correlate(other, () => "other.1").kind).toBe("create")
  })
})
