import type { Commands } from "../base/commands.ts"
import { type IpFamily, ipFamily } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { EndpointAddress, Frontend } from "./model/plan-service.ts"

/**
 * The kernel sends every packet of a known flow where it sent the first. TCP ends its flows itself; of UDP we must forget
 * those that lead to an endpoint that is gone, or that began when there was none.
 *
 * A flow is left alone as long as its endpoint answers, though new ones go elsewhere: a change of a Service, its traffic
 * policy or its endpoints' readiness ends no conversation, as with TCP
 * (https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/proxy/conntrack/cleanup.go).
 */
export interface Flow {
  /** Where the client sends to. */
  readonly address: string
  readonly port: number
  /** Where it leads: who answers, and from which port. */
  readonly endpoint: EndpointAddress
}

/** What matters of a Service for its flows; equal texts ask for nothing. */
export function describeUdp(frontends: readonly Frontend[]): string {
  return JSON.stringify(
    udpFrontends(frontends).map(({ family, address, port, servingEndpoints }) => [
      family,
      address,
      port,
      servingEndpoints,
    ]),
  )
}

/** The flows that lead elsewhere than to a serving endpoint. A Service without any is no reason to end a flow. */
export function findStaleFlows(flows: readonly Flow[], frontends: readonly Frontend[]): Flow[] {
  const serving = new Map<string, ReadonlySet<string>>()
  for (const { family, address, port, servingEndpoints = [] } of udpFrontends(frontends))
    if (servingEndpoints.length > 0)
      serving.set(`${address ?? family} ${port}`, new Set(servingEndpoints.map(textOf)))
  return flows.filter(({ address, port, endpoint }) =>
    [`${address} ${port}`, `${ipFamily(address)} ${port}`].some((key) => {
      const endpoints = serving.get(key)
      return endpoints !== undefined && !endpoints.has(textOf(endpoint))
    }),
  )
}

function textOf({ address, port }: EndpointAddress): string {
  return `${address} ${port}`
}

function udpFrontends(frontends: readonly Frontend[]): readonly Frontend[] {
  return frontends.filter(({ protocol }) => protocol === "udp")
}

/** From what `conntrack -L -p udp` says: "... src=A dst=B sport=1 dport=2 [UNREPLIED] src=C dst=A sport=2 dport=1 ...". */
export function parseFlows(listing: string): Flow[] {
  return listing.split("\n").flatMap((line) => {
    const values = (name: string) =>
      Array.from(line.matchAll(new RegExp(` ${name}=(\\S+)`, "g")), ([, value]) => value!)
    const [address] = values("dst")
    const [port] = values("dport")
    const [endpoint, endpointPort] = [values("src")[1], values("sport")[1]]
    if (!address || !port || !endpoint || !endpointPort) return []
    return [{ address, port: Number(port), endpoint: { address: endpoint, port: Number(endpointPort) } }]
  })
}

/** Forgets flows with the `conntrack` program; without it stale flows end after half a minute of silence. */
export class ConnectionTracking {
  readonly #commands: Commands
  readonly #log: Logger
  #missing = false

  constructor(commands: Commands, log: Logger) {
    this.#commands = commands
    this.#log = log
  }

  /** Forgets those of the kernel's flows of a family that are stale for all these Services' frontends; gives their number. */
  async forgetStale(family: IpFamily, frontends: readonly Frontend[]): Promise<number> {
    const wanted = frontends.filter((frontend) => frontend.family === family)
    if (wanted.length === 0) return 0
    const name = family === 4 ? "ipv4" : "ipv6"
    const flows = parseFlows((await this.#run(["-L", "-f", name, "-p", "udp"])) ?? "")
    const stale = findStaleFlows(flows, wanted)
    const kinds = new Map(stale.map((flow) => [JSON.stringify(flow), flow]))
    for (const flow of kinds.values()) await this.#run(["-D", "-f", name, "-p", "udp", ...argumentsOf(flow)])
    return stale.length
  }

  async #run(args: readonly string[]): Promise<string | undefined> {
    if (this.#missing) return undefined
    return this.#commands.run("conntrack", args).catch((error: unknown) => {
      // It ends with 1 when there was nothing to forget.
      if ((error as { exitCode?: number }).exitCode !== undefined) return undefined
      this.#missing = true
      this.#log.warn("cannot forget stale UDP flows: install the package conntrack", { error })
      return undefined
    })
  }
}

function argumentsOf({ address, port, endpoint }: Flow): string[] {
  const client = ["--orig-dst", address, "--orig-port-dst", String(port)]
  return [...client, "--reply-src", endpoint.address, "--reply-port-src", String(endpoint.port)]
}
