export interface NodeWishes {
  /** @default those there were, else one where the machine can, else none */
  readonly nodes: number | undefined
  /** @default one where there is no real one */
  readonly simulatedNodes: number | undefined
  /** Why there can be no real node here; undefined when there can. */
  readonly obstacle: string | undefined
  readonly machineName: string
  /** What the last start has left, in the order of their names. */
  readonly known: readonly KnownNode[]
}

/** A real node of the cluster that does not run yet. */
export interface KnownNode {
  readonly name: string
  /** With a network of its own; else it was the machine itself. */
  readonly onLink: boolean
}

/** The names of the nodes there will be. */
export interface NodePlan {
  /** On this machine's own network, in the cluster's process: the usual case of one node. */
  readonly real: readonly string[]
  /** Side by side: each with a network of its own, in a process of its own. */
  readonly onLink: readonly string[]
  readonly simulated: readonly string[]
  /** Those there were and shall be no more. */
  readonly forgotten: readonly string[]
  /** What the user must know about it. */
  readonly notes: readonly string[]
}

/**
 * A node that was asked for and can't be is an error; one that was not is replaced, plainly. A number says how many numbered
 * nodes there are; those that somebody has added by a name of their own stay, until they are removed by it.
 */
export function planNodes(wishes: NodeWishes): NodePlan {
  const { nodes, simulatedNodes, obstacle, machineName, known } = wishes
  if (nodes && obstacle) throw new Error(`--nodes ${nodes}: ${obstacle}`)
  const onLink = obstacle ? [] : planLink(nodes, known)
  const mayBeReal = onLink.length === 0 && !obstacle
  const real = mayBeReal && (nodes ?? (simulatedNodes ? 0 : 1)) === 1 ? [machineName] : []
  const count = real.length + onLink.length
  const simulated = simulatedNodes ?? (nodes === undefined && count === 0 ? 1 : 0)
  // Who cannot start them here may do so as somebody else.
  const kept = new Set([...real, ...onLink])
  const forgotten = obstacle ? [] : known.map(({ name }) => name).filter((name) => !kept.has(name))
  return {
    real,
    onLink,
    simulated: numbered("simulated", simulated),
    forgotten,
    notes: [
      ...(obstacle && simulatedNodes === undefined && simulated
        ? [`The node is simulated, no container really runs: ${obstacle}.`]
        : []),
      ...(forgotten.length > 0 ? [describeForgotten(forgotten, nodes)] : []),
    ],
  }
}

function planLink(nodes: number | undefined, known: readonly KnownNode[]): string[] {
  const before = known.filter(({ onLink }) => onLink).map(({ name }) => name)
  if (nodes === undefined) return before
  const named = before.filter((name) => !isNumbered(name))
  return nodes > 1 || named.length > 0 ? [...numbered("node", nodes), ...named] : []
}

function describeForgotten(names: readonly string[], nodes: number | undefined): string {
  const wish = nodes === undefined ? "" : `, as --nodes ${nodes} wants it`
  return `${names.join(", ")} ${names.length === 1 ? "is" : "are"} removed${wish}; pods go elsewhere.`
}

function isNumbered(name: string): boolean {
  return /^node-[1-9]\d*$/.test(name)
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
}
