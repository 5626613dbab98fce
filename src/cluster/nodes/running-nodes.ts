import { settleAll } from "../../base/settle-all.ts"
import type { ClusterNode } from "./cluster-node.ts"

/** The nodes of a running cluster; some come and go while it runs. */
export class RunningNodes {
  readonly #nodes = new Map<string, Promise<ClusterNode>>()
  readonly #removing = new Set<string>()

  /** Starts it unless it is there already. */
  start(name: string, begin: () => Promise<ClusterNode>): Promise<ClusterNode> {
    if (this.#nodes.has(name)) throw new Error(`node ${name} is there already`)
    const starting = begin()
    this.#nodes.set(name, starting)
    // One that could not start may be tried again.
    starting.catch(() => this.#nodes.delete(name))
    return starting
  }

  /**
   * Ends its pods and the node, then has `clear` remove what there is of it, also if it did not end in order. Rejects when
   * there is no such node, or it is being removed already.
   */
  async remove(name: string, clear: (stopped: PromiseSettledResult<void>) => Promise<void>): Promise<void> {
    const node = this.#nodes.get(name)
    if (!node || this.#removing.has(name)) throw new Error(`there is no node ${name} here`)
    this.#removing.add(name)
    try {
      const [stopped] = await Promise.allSettled([(await node).stop()])
      await clear(stopped)
      this.#nodes.delete(name)
    } finally {
      this.#removing.delete(name)
    }
  }

  get names(): readonly string[] {
    return Array.from(this.#nodes.keys())
  }

  all(): Promise<readonly ClusterNode[]> {
    return Promise.all(this.#nodes.values())
  }

  /** Also those that are about to start. */
  async stop(): Promise<void> {
    const running = await Promise.allSettled(this.#nodes.values())
    await settleAll(running.flatMap((node) => (node.status === "fulfilled" ? [node.value.stop()] : [])))
  }
}
