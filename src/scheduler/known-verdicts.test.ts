import { describe, expect, it } from "vitest"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { integer } from "../base/random.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { ClusterView } from "./cluster-view.ts"
import { defaultProfile } from "./default-profile.ts"
import type { CycleContext } from "./framework.ts"
import { podInfo } from "./pod-info.ts"
import { runProfile } from "./profile.ts"
import { prepareFilters, runChecks } from "./run-filters.ts"

const nodeCount = 130
const random = new SeededRandom("verdicts")

function node(name: string, cpu: string, tainted: boolean): Node {
  const taints = tainted ? [{ key: "busy", effect: "NoSchedule" as const }] : []
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, uid: name, resourceVersion: "1", labels: { disk: cpu === "2" ? "ssd" : "hdd" } },
    spec: { taints },
    status: { allocatable: { cpu, memory: "4Gi", pods: "5" } },
  } as unknown as Node
}

/** Three shapes, again and again. */
function pod(index: number): Pod {
  const requests = { cpu: index % 3 === 0 ? "1500m" : "300m", memory: "100Mi" }
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${index}`, namespace: "default", uid: `uid-${index}`, resourceVersion: "1" },
    spec: {
      containers: [{ name: "main", image: "app", resources: { requests } }],
      ...(index % 3 === 1 && { nodeSelector: { disk: "ssd" } }),
    },
    status: {},
  } as unknown as Pod
}

describe("remembered verdicts", () => {
  it("are those of looking at each node again, whatever happens to nodes in between", () => {
    const view = new ClusterView()
    const context: CycleContext = {
      view,
      cache: { find: () => undefined, list: () => [], ownedBy: () => [], byIndex: () => [] },
      nominatedTo: () => [],
      anyNominated: () => false,
    }
    const profile = runProfile({ ...defaultProfile(), percentageOfNodesToScore: 100 }, random)
    for (let index = 0; index < nodeCount; index++) view.setNode(node(`node-${index}`, "2", false))
    const placed: string[] = []
    for (let index = 0; index < 400; index++) {
      const info = podInfo(pod(index))
      const found = profile.finder.findFeasible(info, context)
      const filters = prepareFilters(profile.filters, info, context)
      if ("everywhere" in filters) throw new Error("no plugin rules every node out here")
      const expected = view.nodes.filter((each) => !runChecks(filters.checks, each))
      const names = found.kind === "feasible" ? found.nodes.map(({ name }) => name) : []
      expect(names.sort()).toEqual(expected.map(({ name }) => name).sort())
      if (found.kind === "feasible") {
        const best = profile.finder.best(info, found.nodes, context)
        expect(scoresOf(found.nodes, info)).toSatisfy((scores: Map<string, number>) =>
          Array.from(scores.values()).every((score) => score <= scores.get(best.name)!),
        )
        view.assume(info.pod, best.name)
        placed.push(info.uid)
      }
      disturb(view, placed)
    }

    function scoresOf(nodes: typeof view.nodes, info: ReturnType<typeof podInfo>): Map<string, number> {
      const totals = new Map(nodes.map(({ name }) => [name, 0]))
      for (const { plugin, weight } of profile.scorers) {
        const score = plugin.score?.(info, nodes, context)
        if (!score) continue
        const scores = nodes.map((each) => score.of(each))
        score.normalize?.(scores)
        for (const [at, { name }] of nodes.entries())
          totals.set(name, totals.get(name)! + scores[at]! * weight)
      }
      return totals
    }
  })
})

/** A node is tainted, shrinks or changes its labels; a pod goes; rarely a node comes or goes. */
function disturb(view: ClusterView, placed: string[]): void {
  const name = `node-${integer(random, nodeCount)}`
  const chance = integer(random, 20)
  if (chance < 8) view.setNode(node(name, chance < 4 ? "1" : "2", chance % 4 === 0))
  else if (chance < 14 && placed.length) view.deletePod(placed.splice(integer(random, placed.length), 1)[0]!)
  else if (chance === 19) view.deleteNode(name)
}
