import { describe, expect, it } from "vitest"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { integer } from "../base/random.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { ClusterView } from "./cluster-view.ts"
import { defaultProfile } from "./default-profile.ts"
import { type CycleContext, type Plugin, resolvable } from "./framework.ts"
import { Nominations } from "./nominations.ts"
import { podInfo } from "./pod-info.ts"
import { runProfile } from "./profile.ts"
import { KnownVictims } from "./preemption/known-victims.ts"
import { planPreemption, type Preemption } from "./preemption/plan-preemption.ts"
import { Rejections } from "./rejections.ts"
import { prepareFilters, runChecksWithNominated } from "./run-filters.ts"
import { testProbe } from "./testing.ts"

const nodeCount = 130
/** Room is promised on these, so that promises change while nodes do not. */
const fewNodes = 10
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
function pod(index: number, priority = 0): Pod {
  const requests = { cpu: index % 3 === 0 ? "1500m" : "300m", memory: "100Mi" }
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${index}`, namespace: "default", uid: `uid-${index}`, resourceVersion: "1" },
    spec: {
      priority,
      containers: [{ name: "main", image: "app", resources: { requests } }],
      ...(index % 3 === 1 && { nodeSelector: { disk: "ssd" } }),
    },
    status: {},
  } as unknown as Pod
}

describe("remembered verdicts", () => {
  it("are those of looking at each node again, whatever happens to nodes in between", () => {
    const { view, nominations, context } = world()
    const profile = runProfile({ ...defaultProfile(), percentageOfNodesToScore: 100 }, random, testProbe())
    for (let index = 0; index < nodeCount; index++) view.setNode(node(`node-${index}`, "2", false))
    const placed: string[] = []
    for (let index = 0; index < 400; index++) {
      const info = podInfo(pod(index))
      const found = profile.finder.findFeasible(info, context)
      const filters = prepareFilters(profile.filters, info, context)
      if ("everywhere" in filters) throw new Error("no plugin rules every node out here")
      const expected = view.nodes.filter(
        (each) => !runChecksWithNominated(filters.checks, info, each, context),
      )
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
      promise(nominations, index)
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

describe("remembered victims", () => {
  it("are those of trying each node again", () => {
    const { view, nominations, context } = world()
    const { filters, knownVictims } = runProfile(defaultProfile(), random, testProbe())
    const args = { minCandidateNodesPercentage: 100, minCandidateNodesAbsolute: nodeCount }
    for (let index = 0; index < nodeCount; index++) {
      view.setNode(node(`node-${index}`, "2", false))
      for (const part of [0, 1, 2, 3]) view.assume(pod(1000 + index * 12 + part * 3), `node-${index}`)
    }
    for (let index = 0; index < 60; index++) {
      const info = podInfo(pod(index * 3, 10))
      const rejections = new Rejections(view.nodes)
      for (const each of view.nodes) rejections.set(each, "NodeResourcesFit", resolvable("Insufficient cpu"))
      const error = { rejections, plugins: new Set<Plugin>() }
      const plan = (known: KnownVictims) =>
        victimsOf(planPreemption(info, error, [], { filters, random, args, knownVictims: known }, context))
      const expected = plan(new KnownVictims())
      expect(expected.size).toBeGreaterThan(0)
      expect(plan(knownVictims)).toEqual(expected)
      const name = `node-${integer(random, fewNodes)}`
      const [victim] = view.find(name)!.pods.keys()
      if (victim && index % 6 === 0) view.deletePod(victim)
      else nominations.set(podInfo(pod(9000 + index * 3, index % 4 === 1 ? 10 : 0)), name)
    }
  })
})

function victimsOf(plan: Preemption): Map<string, string[]> {
  if (plan.kind === "none") return new Map()
  return new Map(plan.candidates.map(({ node: { name }, victims }) => [name, victims.map(({ uid }) => uid)]))
}

function world() {
  const view = new ClusterView()
  const nominations = new Nominations()
  const context: CycleContext = {
    view,
    clock: new SimulatedClock(),
    cache: { find: () => undefined, list: () => [], ownedBy: () => [], byIndex: () => [] },
    nominatedTo: (name) => nominations.on(name),
    anyNominated: () => nominations.size > 0,
    anyNominatedRepels: () => nominations.repelling > 0,
  }
  return { view, nominations, context }
}

/** Room is promised on a node, sometimes to a pod that will be tried soon, and withdrawn again. */
function promise(nominations: Nominations, index: number): void {
  for (let times = 0; times < 3; times++) {
    const info = podInfo(pod(index + integer(random, 20), integer(random, 2) * 10))
    nominations.set(info, `node-${integer(random, fewNodes)}`)
    nominations.delete(`uid-${index + integer(random, 20)}`)
  }
}

/** A node is tainted, shrinks or changes its labels; a pod goes; rarely a node comes or goes. */
function disturb(view: ClusterView, placed: string[]): void {
  const name = `node-${integer(random, nodeCount)}`
  const chance = integer(random, 20)
  if (chance < 8) view.setNode(node(name, chance < 4 ? "1" : "2", chance % 4 === 0))
  else if (chance < 14 && placed.length) view.deletePod(placed.splice(integer(random, placed.length), 1)[0]!)
  else if (chance === 19) view.deleteNode(name)
}
