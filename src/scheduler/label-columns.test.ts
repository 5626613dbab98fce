import { expect, it } from "vitest"
import { Node } from "../api/core/v1/node.ts"
import { ClusterView } from "./cluster-view.ts"

function node(name: string, labels: Record<string, string>): Node {
  return { metadata: { name, labels }, spec: {}, status: {} } as unknown as Node
}

it("reads what the nodes say now, whatever came, went or was labelled anew", () => {
  const view = new ClusterView()
  const read = () => {
    const rackOf = view.labelReader("rack")
    return Object.fromEntries(view.nodes.map((info) => [info.name, rackOf(info)]))
  }
  view.setNode(node("a", { rack: "1" }))
  view.setNode(node("b", {}))
  expect(read()).toEqual({ a: "1", b: undefined })
  view.setNode(node("b", { rack: "2" }))
  expect(read()).toEqual({ a: "1", b: "2" })
  view.setNode(node("c", { rack: "1", "topology.kubernetes.io/zone": "z" }))
  view.deleteNode("a")
  expect(read()).toEqual({ b: "2", c: "1" })
  const trial = view.find("c")!.clone()
  expect(view.labelReader("rack")(trial)).toBe("1")
})
