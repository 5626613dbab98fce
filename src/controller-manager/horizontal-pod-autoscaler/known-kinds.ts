import type { Resource } from "../../apimachinery/resource.ts"
import type { Clock } from "../../base/clock.ts"
import type { Discovered } from "../../client/discover-resources.ts"

/** What the server serves, asked for again when it is half a minute old: once, however many autoscalers look at a time. */
export class KnownKinds {
  readonly #discover: () => Promise<Discovered>
  #known: { readonly discovered: Promise<Discovered>; readonly atMs: number } | undefined

  constructor(discover: () => Promise<Discovered>) {
    this.#discover = discover
  }

  async all(clock: Clock): Promise<readonly Resource[]> {
    const nowMs = clock.monotonic()
    if (!this.#known || nowMs - this.#known.atMs >= freshForMs)
      this.#known = { discovered: this.#discover(), atMs: nowMs }
    const known = this.#known
    try {
      return (await known.discovered).resources
    } catch (error) {
      // Whoever looks next tries again.
      if (this.#known === known) this.#known = undefined
      throw error
    }
  }

  /** Throws with upstream's words for a kind that is not served. */
  async find(clock: Clock, group: string, kind: string): Promise<Resource> {
    const resource = (await this.all(clock)).find((each) => each.group === group && each.kind === kind)
    if (!resource) throw new Error(`no matches for kind "${kind}" in group "${group}"`)
    return resource
  }
}

const freshForMs = 30_000
