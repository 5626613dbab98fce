import { describe, expect, it } from "vitest"
import { planNodes } from "./plan-nodes.ts"

const machine = { obstacle: undefined, machineName: "box" }
const laptop = { obstacle: "real containers need Linux, and this is darwin", machineName: "laptop" }

describe("the nodes of a cluster", () => {
  it("are the machine itself, unless something else is asked for", () => {
    const plan = planNodes({ ...machine, nodes: undefined, simulatedNodes: undefined })
    expect(plan).toEqual({ real: ["box"], onLink: [], simulated: [], notes: [] })
    expect(planNodes({ ...machine, nodes: undefined, simulatedNodes: 2 })).toMatchObject({
      real: [],
      simulated: ["simulated-1", "simulated-2"],
    })
    expect(planNodes({ ...machine, nodes: 0, simulatedNodes: undefined })).toMatchObject({
      real: [],
      simulated: [],
    })
  })

  it("are side by side on a link when there are several", () => {
    const plan = planNodes({ ...machine, nodes: 3, simulatedNodes: 1 })
    expect(plan).toMatchObject({
      real: [],
      onLink: ["node-1", "node-2", "node-3"],
      simulated: ["simulated-1"],
    })
  })

  it("are simulated where they can't be real, and that is said", () => {
    const plan = planNodes({ ...laptop, nodes: undefined, simulatedNodes: undefined })
    expect(plan.simulated).toEqual(["simulated-1"])
    expect(plan.notes[0]).toContain("no container really runs: real containers need Linux")
    expect(() => planNodes({ ...laptop, nodes: 1, simulatedNodes: undefined })).toThrow("--nodes 1: real")
  })
})
