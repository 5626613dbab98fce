import { isIP } from "node:net"
import { parseNetwork } from "../../../base/ip-address.ts"
import type { FlagValues } from "../../../base/flags.ts"
import { createCommands } from "../../../base/real/commands.ts"
import { type Pages, servePages } from "../../../base/real/serve-pages.ts"
import { createClient } from "../../../client/create-client.ts"
import { createInformers } from "../../../client/informers.ts"
import { createProxy } from "../../../proxy/create-proxy.ts"
import { healthPages, metricsPages } from "../../../proxy/serving/status-pages.ts"
import { machineName } from "../../machine.ts"
import { UsageError } from "../command.ts"
import { parseListen } from "../parse-listen.ts"
import { type ConnectedParts, runConnected } from "./connect.ts"

const flags = {
  "hostname-override": {
    type: "string",
    placeholder: "NAME",
    description: "the node that this machine is (the machine's name)",
  },
  "cluster-cidr": {
    type: "string",
    placeholder: "CIDR,...",
    description: "where pods are; their connections to cluster IPs keep their source (unknown: none does)",
  },
  "healthz-bind-address": {
    type: "string",
    default: "0.0.0.0:10256",
    placeholder: "ADDR:PORT",
    description: "where load balancers ask whether to send traffic here, or off (0.0.0.0:10256)",
  },
  "metrics-bind-address": {
    type: "string",
    default: "127.0.0.1:10249",
    placeholder: "ADDR:PORT",
    description: "where monitoring asks, or off (127.0.0.1:10249)",
  },
  "proxy-mode": {
    type: "string",
    default: "nftables",
    placeholder: "nftables",
    description: "there is one",
  },
  cleanup: { type: "bool", description: "remove the rules that a proxy has left here, and end" },
} as const

/** Its table, whatever cluster it works for: there is one such proxy on a machine. */
const prefix = "coracle"

export function proxy(argv: readonly string[]): Promise<number> {
  return runConnected("proxy", argv, flags, run)
}

async function run(
  { transport, ...parts }: ConnectedParts,
  own: FlagValues<typeof flags>,
): Promise<void | "done"> {
  if (own["proxy-mode"] !== "nftables")
    throw new UsageError(`--proxy-mode ${own["proxy-mode"]}: Services are made of nftables rules alone`)
  const podNetworks = parseNetworks(own["cluster-cidr"])
  const client = createClient(transport, { userAgent: "kube-proxy" })
  const informers = createInformers({ ...parts, client })
  const proxying = createProxy({
    informers,
    nodeName: own["hostname-override"]?.trim().toLowerCase() ?? machineName(),
    prefix,
    podNetworks,
    serviceNetworks: [],
    commands: createCommands(),
    clock: parts.clock,
    log: parts.log,
  })
  if (own.cleanup) {
    await proxying.cleanUp()
    return "done"
  }
  const served = [
    await serve("healthz-bind-address", own["healthz-bind-address"], healthPages(proxying.status)),
    await serve(
      "metrics-bind-address",
      own["metrics-bind-address"],
      metricsPages(proxying.status, "nftables"),
    ),
  ]
  informers.start(parts.signal)
  void proxying.ready.then(() => process.stdout.write("ready\n"))
  // As elsewhere, the rules stay: connections go on while a proxy is replaced.
  await proxying.run(parts.signal)
  for (const each of served) each?.close()
}

function parseNetworks(text: string | undefined): string[] {
  const networks = (text ?? "").split(",").filter(Boolean)
  for (const network of networks)
    if (!parseNetwork(network))
      throw new UsageError(`--cluster-cidr ${text}: ${network} is no network, such as 10.244.0.0/16`)
  return networks
}

async function serve(flag: string, text: string, pages: Pages) {
  if (text === "off" || text === "") return undefined
  // An address alone means the usual port, as upstream takes it.
  const usual = flag === "healthz-bind-address" ? 10_256 : 10_249
  return servePages(isIP(text) ? { host: text, port: usual } : parseListen(text, flag), pages)
}
