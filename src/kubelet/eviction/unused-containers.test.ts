import { describe, expect, it } from "vitest"
import type { PodState } from "../pods/pod-state.ts"
import { findUnused } from "./unused-containers.ts"

const containers = [
  { id: "a2", name: "a", state: "running" },
  { id: "b1", name: "b", state: "exited" },
  { id: "a1", name: "a", state: "exited" },
  { id: "b0", name: "b", state: "exited" },
  { id: "a0", name: "a", state: "exited" },
]
const sandboxes = [{ id: "s" }]
const unusedOf = (kind: string, phase: string) => {
  const state = { stage: { kind }, pod: { status: { phase } }, runtime: { containers, sandboxes } }
  const found = findUnused(state as unknown as PodState)
  return [...found.containers.map(({ id }) => id), ...found.sandboxes]
}

describe("what is kept of a pod for people alone", () => {
  it("is of one that goes on all but each container's last end", () => {
    expect(unusedOf("syncing", "Running")).toEqual(["b0", "a0"])
  })

  it("is of one that has ended all, once the API knows how it did", () => {
    expect(unusedOf("finished", "Succeeded")).toEqual(["a2", "b1", "a1", "b0", "a0", "s"])
    expect(unusedOf("finished", "Running")).toEqual([])
  })

  it("is nothing while it ends", () => {
    expect(unusedOf("terminating", "Running")).toEqual([])
    expect(unusedOf("terminated", "Failed")).toEqual([])
  })
})
