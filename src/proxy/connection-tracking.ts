import type { Commands } from "../base/commands.ts"
import { type IpFamily, ipFamily } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Frontend } from "./model/plan-service.ts"

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
  /** Where it leads: who answers. */
  readonly endpoint: string
}

/** What matters of a Service for its flows; equal texts ask for nothing. */
export function describeUdp(frontends: readonly Frontend[]): string {
  return JSON.stringify(
    udpFrontends(frontends).map(({ family, address, port, servingAddresses }) => [
      family,
      address,
      port,
      servingAddresses,
    ]),
  )
}

/** The flows that lead elsewhere than to a serving endpoint. A Service without any is no reason to end a flow. */
export function findStaleFlows(flows: readonly Flow[], frontends: readonly Frontend[]): Flow[] {
  const serving = new Map<string, ReadonlySet<string>>()
  for (const { family, address, port, servingAddresses = [] } of udpFrontends(frontends))
    if (servingAddresses.length > 0) serving.set(`${address ?? family} ${port}`, new Set(servingAddresses))
  return flows.filter(({ address, port, endpoint }) =>
    [`${address} ${port}`, `${ipFamily(address)} ${port}`].some((key) => {
      const endpoints = serving.get(key)
      return endpoints !== undefined && !endpoints.has(endpoint)
    }),
  )
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
    const endpoint = values("src")[1]
    return address && port && endpoint ? [{ address, port: Number(port), endpoint }] : []
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

  /** Forgets those of the kernel's flows of these families that are stale for all these Services' frontends. */
  async forgetStale(families: readonly IpFamily[], frontends: readonly Frontend[]): Promise<void> {
    for (const family of families) {
      const wanted = frontends.filter((frontend) => frontend.family === family)
      if (wanted.length === 0) continue
      const name = family === 4 ? "ipv4" : "ipv6"
      const flows = parseFlows((await this.#run(["-L", "-f", name, "-p", "udp"])) ?? "")
      const kinds = new Map(findStaleFlows(flows, wanted).map((flow) => [JSON.stringify(flow), flow]))
      for (const flow of kinds.values())
        await this.#run(["-D", "-f", name, "-p", "udp", ...argumentsOf(flow)])
    }
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
  return ["--orig-dst", address, "--orig-port-dst", String(port), "--reply-src", endpoint]
}
