import type { Frontend } from "./model/plan-service.ts"

/**
 * The kernel remembers which endpoint a client was given (nftables/table.ts). An endpoint that is gone must be forgotten
 * there too, or its clients would be sent to nowhere until they stop trying.
 */
export class ClientAffinity {
  readonly #frontends = new Map<string, readonly string[]>()
  readonly #endpoints = new Map<string, ReadonlySet<string>>()

  /** Takes note of a Service's frontends; true when one lost an endpoint that clients may be bound to. */
  update(owner: string, frontends: readonly Frontend[]): boolean {
    const sticky = frontends.filter(
      ({ affinitySeconds, family }) => affinitySeconds !== undefined && family === 4,
    )
    const before = this.#frontends.get(owner) ?? []
    if (sticky.length === 0 && before.length === 0) return false
    const after = new Map(sticky.map((frontend) => [frontendKey(frontend), endpointsOf(frontend)]))
    let lost = false
    for (const key of before) {
      const now = after.get(key)
      for (const endpoint of this.#endpoints.get(key) ?? []) if (!now?.has(endpoint)) lost = true
      if (!now) this.#endpoints.delete(key)
    }
    for (const [key, endpoints] of after) this.#endpoints.set(key, endpoints)
    if (after.size > 0) this.#frontends.set(owner, Array.from(after.keys()))
    else this.#frontends.delete(owner)
    return lost
  }

  /** From what `nft --json list map` says: the keys of elements that lead to an endpoint that is gone. */
  staleElements(listing: string): string[] {
    return parseElements(listing).flatMap(({ client, address, protocol, port, endpoint }) => {
      const endpoints =
        this.#endpoints.get(`${address} . ${protocol} . ${port}`) ??
        this.#endpoints.get(`${protocol} . ${port}`)
      return endpoints?.has(endpoint) ? [] : [`${client} . ${address} . ${protocol} . ${port}`]
    })
  }
}

interface AffinityElement {
  readonly client: string
  readonly address: string
  readonly protocol: string
  readonly port: number
  readonly endpoint: string
}

const protocolNames: Readonly<Record<string, string>> = { 6: "tcp", 17: "udp", 132: "sctp" }

/** As nft 1.0 prints it: [[{ elem: { val: { concat: [client, address, protocol, port] } } }, { concat: [ip, port] }]]. */
function parseElements(listing: string): AffinityElement[] {
  interface Listing {
    nftables: { map?: { elem?: [{ elem: { val: Concatenation } }, Concatenation][] } }[]
  }
  interface Concatenation {
    concat: [string, ...(string | number)[]]
  }
  const map = (JSON.parse(listing) as Listing).nftables.find((entry) => entry.map)?.map
  return (map?.elem ?? []).map(([{ elem }, data]) => {
    const [client, address, protocol, port] = elem.val.concat
    return {
      client,
      address: String(address),
      protocol: protocolNames[String(protocol)] ?? String(protocol),
      port: Number(port),
      endpoint: data.concat.join(" . "),
    }
  })
}

function endpointsOf({ route, insideRoute }: Frontend): ReadonlySet<string> {
  return new Set(
    [route, insideRoute].flatMap((each) =>
      each?.to === "endpoints" ? each.endpoints.map(({ address, port }) => `${address} . ${port}`) : [],
    ),
  )
}

function frontendKey({ address, protocol, port }: Frontend): string {
  return address === undefined ? `${protocol} . ${port}` : `${address} . ${protocol} . ${port}`
}
