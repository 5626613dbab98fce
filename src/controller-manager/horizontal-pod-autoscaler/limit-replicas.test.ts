import { describe, expect, it } from "vitest"
import type { HPAScalingRules } from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"
import { type History, limitReplicas, type Limits } from "./limit-replicas.ts"

const nowMs = 1_000_000_000
const nothing: History = { proposals: [], added: [], removed: [] }
const ago = (seconds: number, replicas: number) => ({ replicas, atMs: nowMs - seconds * 1000 })

function limit(proposed: number, limits: Partial<Limits>) {
  const all = { current: 5, min: 1, max: 100, behavior: undefined, history: nothing, nowMs, ...limits }
  const { replicas, able, limited } = limitReplicas(proposed, all)
  return `${replicas} ${able.reason} ${limited.status} ${limited.reason}`
}

const up: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
}
const down: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
}

describe("without rules", () => {
  it.each([
    [7, {}, "7 ReadyForNewScale False DesiredWithinRange"],
    [50, {}, "10 ReadyForNewScale True ScaleUpLimit"],
    [50, { current: 1 }, "4 ReadyForNewScale True ScaleUpLimit"],
    [50, { max: 8 }, "8 ReadyForNewScale True TooManyReplicas"],
    [0, { min: 2 }, "2 ReadyForNewScale True TooFewReplicas"],
  ])("%i of %o is %s", (proposed, limits, expected) => {
    expect(limit(proposed, limits)).toBe(expected)
  })

  it("takes away only what nobody asked for during five minutes", () => {
    expect(limit(2, { history: { ...nothing, proposals: [ago(200, 5), ago(10, 3)] } })).toBe(
      "5 ScaleDownStabilized False DesiredWithinRange",
    )
    expect(limit(2, { history: { ...nothing, proposals: [ago(301, 5), ago(10, 3)] } })).toBe(
      "3 ScaleDownStabilized False DesiredWithinRange",
    )
  })
})

describe("with rules", () => {
  it("the greater of two policies counts, unless Min is asked for", () => {
    expect(limit(50, { behavior: { scaleUp: up, scaleDown: down } })).toBe(
      "10 ReadyForNewScale True ScaleUpLimit",
    )
    const least = { ...up, selectPolicy: "Min" }
    expect(limit(50, { behavior: { scaleUp: least, scaleDown: down } })).toBe(
      "9 ReadyForNewScale True ScaleUpLimit",
    )
  })

  it("a policy counts from the beginning of its period", () => {
    const policies = [{ type: "Pods", value: 4, periodSeconds: 60 }]
    const behavior = { scaleUp: { ...up, policies }, scaleDown: down }
    const history = { ...nothing, added: [ago(30, 3)] }
    expect(limit(50, { behavior, history })).toBe("6 ReadyForNewScale True ScaleUpLimit")
    expect(limit(50, { behavior, history: { ...nothing, added: [ago(61, 3)] } })).toBe(
      "9 ReadyForNewScale True ScaleUpLimit",
    )
    expect(limit(50, { behavior, history: { ...nothing, added: [ago(10, 4), ago(20, 4)] } })).toBe(
      "5 ReadyForNewScale True ScaleUpLimit",
    )
  })

  it("a disabled direction is not gone", () => {
    const behavior = { scaleUp: up, scaleDown: { ...down, selectPolicy: "Disabled" } }
    expect(limit(1, { behavior })).toBe("5 ReadyForNewScale True ScaleDownLimit")
  })

  it("goes down by a part of what there was, never by nothing", () => {
    const policies = [{ type: "Percent", value: 10, periodSeconds: 60 }]
    const behavior = { scaleUp: up, scaleDown: { ...down, policies } }
    expect(limit(1, { behavior })).toBe("4 ReadyForNewScale True ScaleDownLimit")
  })

  it("waits for its windows in both directions", () => {
    const behavior = {
      scaleUp: { ...up, stabilizationWindowSeconds: 60 },
      scaleDown: { ...down, stabilizationWindowSeconds: 60 },
    }
    expect(limit(9, { behavior, history: { ...nothing, proposals: [ago(30, 6)] } })).toBe(
      "6 ScaleUpStabilized False DesiredWithinRange",
    )
    expect(limit(2, { behavior, history: { ...nothing, proposals: [ago(30, 4)] } })).toBe(
      "4 ScaleDownStabilized False DesiredWithinRange",
    )
    expect(limit(2, { behavior, history: { ...nothing, proposals: [ago(61, 4)] } })).toBe(
      "2 ReadyForNewScale False DesiredWithinRange",
    )
  })

  it("five minutes are the window down where none is set", () => {
    const { stabilizationWindowSeconds: _, ...open } = down
    const behavior = { scaleUp: up, scaleDown: open }
    expect(limit(2, { behavior, history: { ...nothing, proposals: [ago(200, 4)] } })).toBe(
      "4 ScaleDownStabilized False DesiredWithinRange",
    )
  })
})
