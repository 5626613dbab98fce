export interface NodeWishes {
  /** @default one where the machine can, else none */
  readonly nodes: number | undefined
  /** @default one where there is no real one */
  readonly simulatedNodes: number | undefined
  /** Why there can be no real node here; undefined when there can. */
  readonly obstacle: string | undefined
  readonly machineName: string
}

/** The names of the nodes there will be. */
export interface NodePlan {
  /** On this machine's own network, in the cluster's process: the usual case of one node. */
  readonly real: readonly string[]
  /** Side by side: each with a network of its own, in a process of its own. */
  readonly onLink: readonly string[]
  readonly simulated: readonly string[]
  /** What the user must know about it. */
  readonly notes: readonly string[]
}

/** A node that was asked for and can't be is an error; one that was not is replaced, plainly. */
export function planNodes({ nodes, simulatedNodes, obstacle, machineName }: NodeWishes): NodePlan {
  if (nodes && obstacle) throw new Error(`--nodes ${nodes}: ${obstacle}`)
  const real = nodes ?? (obstacle || simulatedNodes ? 0 : 1)
  const simulated = simulatedNodes ?? (nodes === undefined && real === 0 ? 1 : 0)
  const notes =
    obstacle && simulatedNodes === undefined && real === 0 && simulated
      ? [`The node is simulated, no container really runs: ${obstacle}.`]
      : []
  return {
    real: real === 1 ? [machineName] : [],
    onLink: real > 1 ? numbered("node", real) : [],
    simulated: numbered("simulated", simulated),
    notes,
  }
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
}
