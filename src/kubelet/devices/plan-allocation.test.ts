import { describe, expect, it } from "vitest"
import { type DeviceDemand, planDevices } from "./plan-allocation.ts"

const demand = (more: Partial<DeviceDemand>): DeviceDemand => ({
  podUid: "u",
  container: "main",
  resource: "example.com/dial",
  count: 2,
  given: undefined,
  reusable: [],
  ...more,
})
const supply = { healthy: new Set(["a", "b", "c"]), taken: new Set(["b"]) }

describe("devices for a container", () => {
  it("are those that nobody has", () => {
    expect(planDevices(demand({}), supply)).toEqual({ required: [], available: ["a", "c"], missing: 2 })
  })
  it("are first those that an init container had", () => {
    const plan = planDevices(demand({ reusable: ["b"] }), supply)
    expect(plan).toEqual({ required: ["b"], available: ["a", "c"], missing: 1 })
  })
  it("stay when it starts again", () => {
    const plan = planDevices(demand({ given: ["a", "b"] }), supply)
    expect(plan).toEqual({ required: ["a", "b"], available: [], missing: 0 })
  })
  it.each([
    [
      demand({ count: 3 }),
      supply,
      "requested number of devices unavailable for example.com/dial. Requested: 3, Available: 2",
    ],
    [demand({}), undefined, "cannot allocate unregistered device example.com/dial"],
    [
      demand({}),
      { healthy: new Set<string>(), taken: new Set<string>() },
      "no healthy devices present; cannot allocate unhealthy devices example.com/dial",
    ],
    [
      demand({ given: ["a", "d"] }),
      supply,
      "previously allocated devices are no longer healthy; cannot allocate unhealthy devices example.com/dial",
    ],
    [
      demand({ given: ["a"] }),
      supply,
      `pod "u" container "main" changed request for resource "example.com/dial" from 1 to 2`,
    ],
  ])("cannot be had: %#", (asked, present, problem) => {
    expect(() => planDevices(asked, present)).toThrow(problem)
  })
})
