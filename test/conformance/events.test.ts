import { expect } from "vitest"
import { conformance, type Json, useCluster } from "./harness.ts"

useCluster()

conformance(
  "[sig-instrumentation] Events API should ensure that an event can be fetched, patched, deleted, and listed [Conformance]",
  async ({ api, namespace }) => {
    const events = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
    const event = {
      metadata: { name: "event-test", labels: { testevent: namespace } },
      regarding: { namespace, kind: "Pod", name: "p" },
      eventTime: "2026-01-01T00:00:00.000001Z",
      note: "This is event-test",
      action: "Do",
      reason: "Test",
      type: "Normal",
      reportingController: "test-controller",
      reportingInstance: "test-node",
    }
    await api.create(events, event)
    const byLabel = { labelSelector: `testevent=${namespace}` }
    const everywhere = await api.get("/apis/events.k8s.io/v1/events", byLabel)
    expect(everywhere["items"].length).toBe(1)
    const byReporter = await api.get(events, { fieldSelector: "reportingController=test-controller" })
    expect(byReporter["items"].length).toBe(1)

    const series = { count: 2, lastObservedTime: "2026-01-01T00:00:05.000000Z" }
    const patched = await api.patch(`${events}/event-test`, { series }, "strategic")
    expect(patched["series"]).toEqual(series)
    patched["series"] = { count: 100, lastObservedTime: "2026-01-01T00:01:00.000000Z" }
    const updated = await api.update(`${events}/event-test`, patched)
    expect(updated["series"].count).toBe(100)
    // The same event, as clients of the older form see it.
    const core = await api.get(`/api/v1/namespaces/${namespace}/events/event-test`)
    expect(core).toMatchObject({
      kind: "Event",
      message: "This is event-test",
      involvedObject: { name: "p" },
    })
    await api.delete(`${events}/event-test`)
    expect((await api.get(events, byLabel))["items"]).toEqual([])
  },
)

conformance(
  "[sig-instrumentation] Events should manage the lifecycle of an event [Conformance]",
  async ({ api, namespace }) => {
    const events = `/api/v1/namespaces/${namespace}/events`
    const byLabel = { labelSelector: `testevent-constant=${namespace}` }
    await api.create(events, {
      metadata: { name: "event-test", labels: { "testevent-constant": namespace } },
      message: "This is a test event",
      reason: "Test",
      type: "Normal",
      count: 1,
      involvedObject: { namespace, kind: "Pod", name: "p" },
    })
    const { items } = await api.get("/api/v1/events", byLabel)
    expect(items.length).toBe(1)
    const patched = await api.patch(`${events}/event-test`, { message: "This is a test event - patched" })
    expect(patched["message"]).toBe("This is a test event - patched")
    const series = { count: 100, lastObservedTime: "2026-01-01T00:01:00.000000Z" }
    const updated = await api.update(`${events}/event-test`, { ...patched, series })
    expect(updated["series"].count).toBe(100)
    await api.delete(`${events}/event-test`)
    const left = (await api.get("/api/v1/events", byLabel))["items"] as Json[]
    expect(left).toEqual([])
  },
)
