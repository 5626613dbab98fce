import { existsSync, readFileSync } from "node:fs"
import { isIP } from "node:net"
import { cpus } from "node:os"
import { Node } from "../../../api/core/v1/node.ts"
import { ignoreNotFound } from "../../../apimachinery/status-error.ts"
import { ipFamily, parseNetwork } from "../../../base/ip-address.ts"
import type { FlagValues } from "../../../base/flags.ts"
import type { Logger } from "../../../base/log.ts"
import { createCommands } from "../../../base/real/commands.ts"
import { type Pages, servePages } from "../../../base/real/serve-pages.ts"
import type { Client } from "../../../client/client.ts"
import { createClient } from "../../../client/create-client.ts"
import { createEventSeriesRecorder } from "../../../client/create-event-series-recorder.ts"
import { createInformers } from "../../../client/informers.ts"
import {
  type LoadedSettings,
  loadConfiguration,
  type ProxySettings,
} from "../../../proxy/configuration/load-configuration.ts"
import { applyConntrackSettings, planConntrackSettings } from "../../../proxy/conntrack-settings.ts"
import { createProxy } from "../../../proxy/create-proxy.ts"
import { healthPages, metricsPages, proxyPaths } from "../../../proxy/serving/status-pages.ts"
import { withComponentPages } from "../../component-pages.ts"
import { machineName } from "../../machine.ts"
import { UsageError } from "../command.ts"
import { parseListen } from "../parse-listen.ts"
import { type ConnectedParts, runConnected } from "./connect.ts"
import { setOomScore } from "../../../base/real/oom-score.ts"

const defaults = { healthz: "0.0.0.0:10256", metrics: "127.0.0.1:10249" }

const flags = {
  config: {
    type: "string",
    placeholder: "FILE",
    description: "a KubeProxyConfiguration; with it the flags below count for nothing but the node's name",
  },
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
    default: defaults.healthz,
    placeholder: "ADDR:PORT",
    description: "where load balancers ask whether to send traffic here, or off (0.0.0.0:10256)",
  },
  "metrics-bind-address": {
    type: "string",
    default: defaults.metrics,
    placeholder: "ADDR:PORT",
    description: "where monitoring asks, or off (127.0.0.1:10249)",
  },
  profiling: {
    type: "bool",
    description: "tell at /debug/pprof/, where monitoring asks, where the process spends its time",
  },
  "bind-address-hard-fail": {
    type: "bool",
    description: "end when somebody else has one of these ports",
  },
  "nodeport-addresses": {
    type: "list",
    placeholder: "CIDR,...|primary",
    description: "node ports are open at these addresses of the node, or at those of its Node (primary)",
  },
  "masquerade-all": {
    type: "bool",
    description: "replace the source of pods, too, on the way to cluster IPs",
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

type Values = FlagValues<typeof flags>

export function proxy(argv: readonly string[]): Promise<number> {
  return runConnected("proxy", argv, flags, run, (values) => readSettings(values).settings.kubeconfig)
}

async function run({ transport, metrics, ...parts }: ConnectedParts, own: Values): Promise<void | "done"> {
  const { settings, warnings } = readSettings(own)
  for (const warning of warnings) parts.log.warn(warning)
  const commands = createCommands()
  const { conntrack = {}, oomScoreAdj } = settings
  if (oomScoreAdj !== undefined) setOomScore(oomScoreAdj, parts.log)
  await applyConntrackSettings(planConntrackSettings(conntrack, cpus().length), { ...parts, commands })
  const client = createClient(transport, { userAgent: "kube-proxy" })
  const informers = createInformers({ ...parts, client })
  const nodeName = settings.nodeName ?? machineName()
  const nodePortNetworks = own.cleanup
    ? undefined
    : await findNodePortNetworks(settings, client, nodeName, parts.log)
  const proxying = createProxy({
    informers,
    nodeName,
    prefix,
    podNetworks: settings.podNetworks,
    serviceNetworks: [],
    masqueradeAll: settings.masqueradeAll,
    ...(nodePortNetworks && { nodePortNetworks }),
    families: existsSync("/proc/net/if_inet6") ? [4, 6] : [4],
    events: createEventSeriesRecorder({ ...parts, client, component: "kube-proxy", host: nodeName }),
    commands,
    clock: parts.clock,
    log: parts.log,
  })
  if (own.cleanup) {
    await proxying.cleanUp()
    return "done"
  }
  const open = (flag: string, text: string, pages: Pages) =>
    serve(flag, text, pages).catch((error: unknown) => {
      if (settings.bindAddressHardFail || error instanceof UsageError) throw error
      parts.log.error("nobody is told of the proxy", { at: text, error })
      return undefined
    })
  const { healthzBindAddress = defaults.healthz, metricsBindAddress = defaults.metrics } = settings
  const served = [
    await open("healthz-bind-address", healthzBindAddress, healthPages(proxying.status)),
    await open(
      "metrics-bind-address",
      metricsBindAddress,
      withComponentPages(
        "kube-proxy",
        {
          clock: parts.clock,
          paths: proxyPaths,
          values: own,
          probes: { healthz: () => [] },
          profiling: settings.profiling,
        },
        metricsPages(proxying.status, "nftables", metrics),
      ),
    ),
  ]
  informers.start(parts.signal)
  void proxying.ready.then(() => process.stdout.write("ready\n"))
  // As elsewhere, the rules stay: connections go on while a proxy is replaced.
  await proxying.run(parts.signal)
  for (const each of served) each?.close()
}

/** With a file the other flags count for nothing, as upstream, but the node's name. */
function readSettings(own: Values): LoadedSettings {
  const nodeName = own["hostname-override"]?.trim().toLowerCase()
  if (own.config !== undefined) {
    const { settings, warnings } = loadConfiguration(readFileSync(own.config, "utf8"), own.config)
    return { settings: { ...settings, ...(nodeName && { nodeName }) }, warnings }
  }
  if (own["proxy-mode"] !== "nftables")
    throw new UsageError(`--proxy-mode ${own["proxy-mode"]}: Services are made of nftables rules alone`)
  const settings = {
    ...(nodeName && { nodeName }),
    podNetworks: parseNetworks(own["cluster-cidr"]),
    masqueradeAll: own["masquerade-all"],
    ...(own["nodeport-addresses"].length > 0 && {
      nodePortAddresses: parseNodePortAddresses(own["nodeport-addresses"]),
    }),
    healthzBindAddress: own["healthz-bind-address"],
    metricsBindAddress: own["metrics-bind-address"],
    profiling: own.profiling,
    bindAddressHardFail: own["bind-address-hard-fail"],
  }
  return { settings, warnings: [] }
}

function parseNodePortAddresses(texts: readonly string[]): ProxySettings["nodePortAddresses"] {
  if (texts.join() === "primary") return "primary"
  for (const text of texts)
    if (!parseNetwork(text))
      throw new UsageError(`--nodeport-addresses ${texts.join()}: ${text} is no network, such as 10.0.0.0/8`)
  return texts
}

/** The node's own addresses are those of its Node when the proxy starts; without one all are taken for its own. */
async function findNodePortNetworks(
  { nodePortAddresses = "primary" }: ProxySettings,
  client: Client,
  nodeName: string,
  log: Logger,
): Promise<readonly string[] | undefined> {
  if (nodePortAddresses !== "primary") return nodePortAddresses
  const node = await client.get(Node, { name: nodeName }).catch(ignoreNotFound)
  if (!node) {
    log.warn("node ports are open at every address: the cluster has no such Node", { node: nodeName })
    return undefined
  }
  const internal = (node.status.addresses ?? []).filter(({ type }) => type === "InternalIP")
  return internal.map(({ address }) => `${address}/${ipFamily(address) === 4 ? 32 : 128}`)
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
