import { takeDown } from "../../base/take-down.ts"
import type { ControlPlane } from "../control-plane.ts"
import type { ClusterNode, NodeParts } from "./cluster-node.ts"
import { localControlPlane } from "./local-control-plane.ts"
import { forgetNode } from "./forget-nodes.ts"
import { startMachineNodes } from "./machine-nodes.ts"
import type { NodePlan } from "./plan-nodes.ts"
import { RunningNodes } from "./running-nodes.ts"
import { startNode } from "./start-node.ts"
import { startSimulatedNode } from "./start-simulated-node.ts"

export type NodesParts = Omit<NodeParts, "name" | "controlPlane"> & {
  readonly controlPlane: Promise<ControlPlane>
}

export interface StartedNodes {
  /** Resolves with the first ones. */
  readonly started: Promise<readonly ClusterNode[]>
  /** Those there are now. */
  all(): Promise<readonly ClusterNode[]>
  /** Starts one more beside those on the link. Rejects where there is no link. @default the next number */
  add(name: string | undefined): Promise<ClusterNode>
  /** Ends a node of the link, with its pods, and forgets it. */
  remove(name: string): Promise<void>
  /** Also of those that are about to start. */
  stop(): Promise<void>
}

/** Starts every node of the plan at once. */
export function startNodes(plan: NodePlan, parts: NodesParts): StartedNodes {
  const inProcess = (name: string): NodeParts => ({
    ...parts,
    name,
    controlPlane: parts.controlPlane.then((running) => localControlPlane(running, name, parts.log)),
  })
  const onLink = plan.onLink.length > 0 ? startMachineNodes(parts) : undefined
  const linkNodes = new Set(plan.onLink)
  const nodes = new RunningNodes()
  for (const name of plan.real) void nodes.start(name, () => startNode(inProcess(name)))
  for (const name of plan.simulated) void nodes.start(name, () => startSimulatedNode(inProcess(name)))
  const inOrder = new Turns()
  const onNodeLink = (name: string) =>
    nodes.start(name, () => inOrder.next(async () => (await onLink!).addNode(name)))
  for (const name of plan.onLink) void onNodeLink(name)
  return {
    started: nodes.all(),
    all: () => nodes.all(),
    async add(wanted) {
      if (!onLink)
        throw new Error(
          "the node of this cluster uses the machine's own network: start it with --nodes 2 or more to add others",
        )
      const name = wanted ?? nextName(nodes.names)
      const starting = onNodeLink(name)
      linkNodes.add(name)
      return starting
    },
    async remove(name) {
      if (!linkNodes.has(name))
        throw new Error(`${name} is no node that this cluster has made on this machine beside others`)
      await nodes.remove(name, async (stopped) => {
        if (stopped.status === "rejected")
          parts.log.warn("a node did not stop in order", { node: name, error: stopped.reason })
        await forgetNode(name, parts)
      })
      linkNodes.delete(name)
    },
    async stop() {
      const link = await onLink?.catch(() => undefined)
      await takeDown([
        ["stop every node", () => nodes.stop()],
        ["take down the link of the nodes", async () => link?.stop()],
      ])
    },
  }
}

/** "node-4" after "node-1" and "node-3". */
function nextName(names: readonly string[]): string {
  const numbers = names.map((name) => Number(/^node-(\d+)$/.exec(name)?.[1] ?? 0))
  return `node-${Math.max(0, ...numbers) + 1}`
}

/** Each begins when the one before has begun: they take the lowest address that is free. */
class Turns {
  #before: Promise<unknown> = Promise.resolve()

  next<T>(work: () => Promise<T>): Promise<T> {
    const started = this.#before.then(work)
    this.#before = started.catch(() => {})
    return started
  }
}
