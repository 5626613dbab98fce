import { integer, type Random } from "../../base/random.ts"
import type { Clock } from "../../base/clock.ts"
import type { EndpointAddress, Frontend } from "../model/plan-service.ts"

/** Chooses an endpoint for each new connection, as the kernel's rules would: by chance, or the client's last one. */
export class EndpointChooser {
  readonly #clock: Clock
  readonly #random: Random
  readonly #clients = new Map<string, { endpoint: EndpointAddress; untilMs: number }>()
  #endpoints: readonly EndpointAddress[] = []
  #affinityMs: number | undefined

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  update({ route, affinity }: Frontend): void {
    this.#endpoints = route.to === "endpoints" ? route.endpoints : []
    this.#affinityMs = affinity && affinity.seconds * 1000
    for (const [client, { endpoint }] of this.#clients) if (!this.has(endpoint)) this.#clients.delete(client)
  }

  has({ address, port }: EndpointAddress): boolean {
    return this.#endpoints.some((endpoint) => endpoint.address === address && endpoint.port === port)
  }

  /** Undefined when there is none. */
  choose(client: string): EndpointAddress | undefined {
    const now = this.#clock.monotonic()
    const known = this.#affinityMs === undefined ? undefined : this.#clients.get(client)
    const endpoint =
      known && now < known.untilMs
        ? known.endpoint
        : this.#endpoints[integer(this.#random, this.#endpoints.length)]
    if (endpoint && this.#affinityMs !== undefined)
      this.#clients.set(client, { endpoint, untilMs: now + this.#affinityMs })
    return endpoint
  }
}
