import { expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { PodUsage } from "../node-host.ts"
import { createPodState } from "./become.ts"
import { refuseBelowUsage } from "./refuse-below-usage.ts"
import type { RuntimeContainer } from "./runtime-pod.ts"

const limited = (memory: string) => ({ limits: { memory } })

function refusalOf(given: object, wanted: object, used: number): string | undefined {
  const pod = {
    metadata: { name: "p", uid: "1", generation: 2 },
    spec: { containers: [{ name: "main", resources: wanted }] },
    status: {},
  } as unknown as Pod
  const container = { id: "c1", name: "main", state: "running", resources: given }
  const runtime = { sandboxes: [], containers: [container as unknown as RuntimeContainer] }
  const state = { ...createPodState(pod, runtime, 0), resizingGeneration: 2 }
  const group = { memoryUsageBytes: used }
  return refuseBelowUsage(state, "c1", { group, containers: new Map([["c1", group]]) } as unknown as PodUsage)
}

it("does not take memory that is in use", () => {
  const text = (what: string) => `attempting to set ${what} memory limit (50) below current usage (60)`
  expect(refusalOf(limited("100"), limited("50"), 60)).toBe(`[${text("pod")}, ${text('container "main"')}]`)
  expect(refusalOf({}, limited("50"), 60)).toContain(text("pod"))
})

it("takes memory that is not in use, and gives more whatever is used", () => {
  expect(refusalOf(limited("100"), limited("50"), 49)).toBeUndefined()
  expect(refusalOf(limited("50"), limited("100"), 120)).toBeUndefined()
  expect(refusalOf(limited("50"), {}, 60)).toBeUndefined()
})
