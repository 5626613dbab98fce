import { expect, it } from "vitest"
import { Pod, type PodStatus } from "../../api/core/v1/pod.ts"
import { applyStrategicMergePatch } from "../../apimachinery/patch/strategic-merge-patch.ts"
import { statusPatch } from "./status-writer.ts"

const condition = (type: string, status: string, more: object = {}) =>
  ({ type, status, lastProbeTime: null, lastTransitionTime: "t", ...more }) as never

it("is nothing when nothing changed", () => {
  const status: PodStatus = { phase: "Running", conditions: [condition("Ready", "True")] }
  expect(statusPatch(status, structuredClone(status))).toBeUndefined()
})

it("carries what changed, and takes away what is gone", () => {
  const before: PodStatus = { phase: "Pending", message: "was", conditions: [condition("Ready", "True")] }
  const after: PodStatus = { phase: "Running", conditions: [condition("Ready", "True")] }
  expect(statusPatch(before, after)).toEqual({ phase: "Running", message: null })
})

it("leaves other people's fields and conditions alone", () => {
  const before: PodStatus = { nominatedNodeName: "n", conditions: [condition("my/gate", "True")] }
  expect(statusPatch(before, { conditions: [] })).toBeUndefined()
})

it("empties what a condition no longer says", () => {
  const before: PodStatus = { conditions: [condition("Ready", "False", { reason: "r", message: "m" })] }
  const after: PodStatus = { conditions: [condition("Ready", "True")] }
  expect(statusPatch(before, after)).toEqual({
    conditions: [condition("Ready", "True", { reason: null, message: null })],
  })
})

it("replaces addresses instead of adding to them", () => {
  expect(statusPatch({ podIPs: [{ ip: "1" }] }, { podIPs: [{ ip: "2" }] })).toEqual({
    podIPs: [{ ip: "2" }, { $patch: "replace" }],
  })
})

it("tells what the pod was given, instead of adding to what it had", () => {
  const schema = Pod.schema
  const told = (before: PodStatus, after: PodStatus) => {
    const patch = { status: statusPatch(before, after) }
    return applyStrategicMergePatch(schema, { status: before }, patch)["status"]
  }
  const none: PodStatus = { phase: "Running" }
  const both = { cpu: "1", memory: "1Gi" }
  const given: PodStatus = { ...none, allocatedResources: both, resources: { requests: both } }
  const less: PodStatus = { ...none, allocatedResources: { cpu: "2" }, resources: { requests: { cpu: "2" } } }
  expect(told(none, given)).toEqual(given)
  expect(told(given, less)).toEqual(less)
})
