import type { Node } from "../../api/core/v1/node.ts"
import type { ZoneFigures } from "./node-lifecycle-metrics.ts"

/**
 * How a failure zone is doing. When many nodes fail together, the fault is more likely between them and us than in each
 * of them, and evicting their pods would do harm.
 */
export type ZoneState = "normal" | "partialDisruption" | "fullDisruption"

/** From this share of unhealthy nodes on, but at least three, a zone counts as disrupted. */
const unhealthyShare = 0.55

interface Counts {
  ready: number
  notReady: number
}

/** Counts kept while nodes change, so that no node's change looks at all others. */
export class Zones {
  readonly #nodes = new Map<string, { zone: string; ready: boolean }>()
  readonly #counts = new Map<string, Counts>()

  set(name: string, zone: string, ready: boolean): void {
    this.delete(name)
    this.#nodes.set(name, { zone, ready })
    const counts = this.#counts.get(zone) ?? { ready: 0, notReady: 0 }
    this.#counts.set(zone, counts)
    counts[ready ? "ready" : "notReady"]++
  }

  delete(name: string): void {
    const node = this.#nodes.get(name)
    if (!node) return
    this.#nodes.delete(name)
    const counts = this.#counts.get(node.zone)!
    counts[node.ready ? "ready" : "notReady"]--
    if (counts.ready + counts.notReady === 0) this.#counts.delete(node.zone)
  }

  state(zone: string): ZoneState {
    const { ready, notReady } = this.#counts.get(zone) ?? { ready: 0, notReady: 0 }
    if (ready === 0 && notReady > 0) return "fullDisruption"
    if (notReady > 2 && notReady / (ready + notReady) >= unhealthyShare) return "partialDisruption"
    return "normal"
  }

  /** Not one node anywhere is healthy: then it is we who are cut off. */
  get allDisrupted(): boolean {
    if (this.#counts.size === 0) return false
    return Array.from(this.#counts.keys()).every((zone) => this.state(zone) === "fullDisruption")
  }

  figures(): readonly ZoneFigures[] {
    return Array.from(this.#counts, ([zone, counts]) => ({ zone, ...counts }))
  }

  size(zone: string): number {
    const { ready, notReady } = this.#counts.get(zone) ?? { ready: 0, notReady: 0 }
    return ready + notReady
  }
}

export function zoneOf({ metadata: { labels = {} } }: Node): string {
  return `${labels["topology.kubernetes.io/region"] ?? ""}/${labels["topology.kubernetes.io/zone"] ?? ""}`
}
