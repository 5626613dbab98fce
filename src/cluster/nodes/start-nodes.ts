import type { ControlPlane } from "../control-plane.ts"
import type { ClusterNode, NodeParts } from "./cluster-node.ts"
import { localControlPlane } from "./local-control-plane.ts"
import { startMachineNodes } from "./machine-nodes.ts"
import type { NodePlan } from "./plan-nodes.ts"
import { startNode } from "./start-node.ts"
import { startSimulatedNode } from "./start-simulated-node.ts"

export type NodesParts = Omit<NodeParts, "name" | "controlPlane"> & {
  readonly controlPlane: Promise<ControlPlane>
}

export interface StartedNodes {
  readonly started: Promise<readonly ClusterNode[]>
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
  const nodes: Promise<ClusterNode>[] = [
    ...plan.real.map((name) => startNode(inProcess(name))),
    ...plan.simulated.map((name) => startSimulatedNode(inProcess(name))),
    ...inTurn(plan.onLink, async (name) => (await onLink!).addNode(name)),
  ]
  return {
    started: Promise.all(nodes),
    async stop() {
      await Promise.allSettled(nodes.map(async (starting) => (await starting).stop()))
      await onLink?.then(
        (running) => running.stop(),
        () => {},
      )
    },
  }
}

/** Each begins when the one before has begun: they take the lowest address that is free. */
function inTurn<T>(names: readonly string[], start: (name: string) => Promise<T>): Promise<T>[] {
  let before: Promise<unknown> = Promise.resolve()
  return names.map((name) => {
    const started = before.then(() => start(name))
    before = started.catch(() => {})
    return started
  })
}
