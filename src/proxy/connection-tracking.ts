import type { Commands } from "../base/commands.ts"
import type { IpFamily } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Frontend, Protocol } from "./model/plan-service.ts"

/**
 * The kernel sends every packet of a known flow where it sent the first. TCP ends its flows itself; of UDP and SCTP we
 * must forget those that lead to an endpoint that is gone, or that began when there was none.
 */
export interface Flow {
  readonly family: IpFamily
  readonly protocol: Protocol
  /** Absent: any address of the node. */
  readonly address?: string
  readonly port: number
  /** Absent: wherever it leads. */
  readonly endpoint?: string
}

/** The flows to forget after a Service's frontends changed. */
export function staleFlows(before: readonly Frontend[], after: readonly Frontend[]): Flow[] {
  const now = new Map(after.map((frontend) => [identity(frontend), frontend]))
  return before.filter(needsForgetting).flatMap((old) => {
    const current = now.get(identity(old))
    const oldEndpoints = endpointAddresses(old)
    const endpoints = new Set(current ? endpointAddresses(current) : [])
    if (oldEndpoints.length === 0) return endpoints.size > 0 ? [flowOf(old)] : []
    return oldEndpoints
      .filter((endpoint) => !endpoints.has(endpoint))
      .map((endpoint) => ({ ...flowOf(old), endpoint }))
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

  async forget(flows: readonly Flow[]): Promise<void> {
    for (const flow of flows) {
      if (this.#missing) return
      await this.#commands.run("conntrack", ["-D", ...flowArguments(flow)]).catch((error: unknown) => {
        // It ends with 1 when there was nothing to forget.
        if ((error as { exitCode?: number }).exitCode !== undefined) return
        this.#missing = true
        this.#log.warn("cannot forget stale UDP flows: install the package conntrack", { error })
      })
    }
  }
}

function flowArguments({ family, protocol, address, port, endpoint }: Flow): string[] {
  const args = ["-f", family === 4 ? "ipv4" : "ipv6", "-p", protocol, "--orig-port-dst", String(port)]
  if (address !== undefined) args.push("--orig-dst", address)
  if (endpoint !== undefined) args.push("--reply-src", endpoint)
  return args
}

function needsForgetting({ protocol }: Frontend): boolean {
  return protocol !== "tcp"
}

function endpointAddresses({ route, insideRoute }: Frontend): string[] {
  return [route, insideRoute].flatMap((each) =>
    each?.to === "endpoints" ? each.endpoints.map(({ address }) => address) : [],
  )
}

function flowOf({ family, protocol, address, port }: Frontend): Flow {
  return { family, protocol, port, ...(address !== undefined && { address }) }
}

function identity({ kind, address, protocol, port }: Frontend): string {
  return `${kind} ${address} ${protocol} ${port}`
}
