import { describe, expect, it } from "vitest"
import { planNodes } from "./plan-nodes.ts"

const machine = { obstacle: undefined, machineName: "box", known: [] }
const laptop = {
  obstacle: "real containers need Linux, and this is darwin",
  machineName: "laptop",
  known: [],
}

describe("the nodes of a cluster", () => {
  it("are the machine itself, unless something else is asked for", () => {
    const plan = planNodes({ ...machine, nodes: undefined, simulatedNodes: undefined })
    expect(plan).toEqual({ real: ["box"], onLink: [], simulated: [], forgotten: [], notes: [] })
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

  describe("that ran before", () => {
    const onLink = (...names: string[]) => names.map((name) => ({ name, onLink: true }))
    const known = onLink("gpu", "node-1", "node-2", "node-3", "node-4")
    const again = (nodes: number | undefined, before = known, wishes = machine) =>
      planNodes({ ...wishes, nodes, simulatedNodes: undefined, known: before })

    it("run again when no number is asked for, those that were added too", () => {
      expect(again(undefined)).toMatchObject({
        real: [],
        onLink: ["gpu", "node-1", "node-2", "node-3", "node-4"],
        forgotten: [],
        notes: [],
      })
      expect(again(undefined, [{ name: "box", onLink: false }])).toMatchObject({ real: ["box"], onLink: [] })
    })

    it("are as many as the number says, and those that have a name of their own", () => {
      expect(again(2)).toMatchObject({
        onLink: ["node-1", "node-2", "gpu"],
        forgotten: ["node-3", "node-4"],
        notes: ["node-3, node-4 are removed, as --nodes 2 wants it; pods go elsewhere."],
      })
      expect(again(1)).toMatchObject({ real: [], onLink: ["node-1", "gpu"] })
      expect(again(1, onLink("node-1", "node-2"))).toMatchObject({
        real: ["box"],
        onLink: [],
        forgotten: ["node-1", "node-2"],
      })
    })

    it("give way to others where the machine itself was the node", () => {
      expect(again(2, [{ name: "box", onLink: false }])).toMatchObject({
        onLink: ["node-1", "node-2"],
        forgotten: ["box"],
        notes: ["box is removed, as --nodes 2 wants it; pods go elsewhere."],
      })
    })

    it("are not forgotten by somebody who cannot start them", () => {
      expect(again(undefined, known, laptop as never)).toMatchObject({
        onLink: [],
        simulated: ["simulated-1"],
        forgotten: [],
      })
    })
  })
})
