import type { NodeInfo } from "./node-info.ts"

/** Which value a node has of one label; undefined where it has none. */
export type LabelReader = (node: NodeInfo) => string | undefined

/** After so many labels it begins anew. */
const maxLabels = 100

/**
 * The labels that topologies are made of, as columns over all nodes. A pod asks one label of hundreds of nodes: here that
 * is a look-up in an array each, while the nodes' own labels are objects far apart in memory.
 */
export class LabelColumns {
  #nodes: readonly NodeInfo[] = []
  readonly #readers = new Map<string, LabelReader>()

  /** The labels of a node have changed. */
  clear(): void {
    this.#readers.clear()
  }

  /** Right as long as `nodes` are the nodes and nobody calls `clear`. */
  reader(label: string, nodes: readonly NodeInfo[]): LabelReader {
    if (nodes !== this.#nodes || this.#readers.size >= maxLabels) {
      this.#nodes = nodes
      this.clear()
    }
    let reader = this.#readers.get(label)
    if (!reader) this.#readers.set(label, (reader = createReader(label, nodes)))
    return reader
  }
}

function createReader(label: string, nodes: readonly NodeInfo[]): LabelReader {
  const values: (string | undefined)[] = [undefined]
  const idOf = new Map<string, number>()
  const ids = Int32Array.from(nodes, ({ node }) => {
    const value = node.metadata.labels?.[label]
    if (value === undefined) return 0
    let id = idOf.get(value)
    if (id === undefined) idOf.set(value, (id = values.push(value) - 1))
    return id
  })
  return ({ position }) => values[ids[position]!]
}
