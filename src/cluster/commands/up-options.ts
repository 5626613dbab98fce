import { parseFlags } from "../../base/flags.ts"
import type { IngressSettings } from "../ingress.ts"
import type { ApiServerSettings } from "../api-server-settings.ts"
import { parseStoreOptions, storeFlags, type StoreOptions } from "../store/store-flags.ts"
import { apiServerFlags, apiServerSettings } from "./api-server-flags.ts"
import { UsageError } from "./command.ts"
import type { ForeignPlugin } from "../../network/foreign/create-foreign-network.ts"
import { foreignPluginFlags, parseForeignPlugin } from "./foreign-plugin-flags.ts"
import type { KubeletFiles } from "../nodes/kubelet-files.ts"
import { kubeletFlags, parseKubeletFiles } from "./kubelet-flags.ts"
import { nodeIpFlag, parseNodeIps } from "./node-ip-flag.ts"
import { ingressFlags, parseIngress } from "./ingress-flags.ts"
import { networkFlags, parseNetworkWishes } from "./network-flags.ts"
import type { NetworkWishes } from "../networks/plan-networks.ts"
import { parseListen } from "./parse-listen.ts"

export const upFlags = {
  "data-dir": {
    type: "string",
    placeholder: "DIR",
    description: "where the cluster keeps everything (root: /var/lib/coracle)",
  },
  listen: {
    type: "string",
    default: "127.0.0.1:6443",
    placeholder: "ADDR:PORT",
    description: "where the API server listens; port 0 picks a free one (127.0.0.1:6443)",
  },
  nodes: {
    type: "int",
    placeholder: "N",
    description:
      "real nodes (those of the last time, else 1 as root on Linux with containerd, else 0); several have a network each, side by side",
  },
  "simulated-nodes": {
    type: "int",
    placeholder: "N",
    description: "nodes whose containers are simulated (1 where there can be no real one, else 0)",
  },
  ...networkFlags,
  ...ingressFlags,
  ...nodeIpFlag,
  ...foreignPluginFlags,
  ...kubeletFlags,
  kubeconfig: {
    type: "string",
    placeholder: "FILE",
    description: 'kubeconfig that gets the context "coracle" (your own)',
  },
  detach: {
    type: "bool",
    short: "d",
    description: "return when the cluster is ready; it goes on in the background",
  },
  ...storeFlags,
  ...apiServerFlags,
  verbose: { type: "bool", short: "v", description: "log what every component does" },
  help: { type: "bool", short: "h", description: "show this" },
} as const

export interface UpOptions {
  readonly dataDir: string | undefined
  readonly listen: { readonly host: string; readonly port: number }
  readonly networks: NetworkWishes
  /** Undefined: what the machine can do. */
  readonly nodes: number | undefined
  readonly simulatedNodes: number | undefined
  readonly ingress: IngressSettings | undefined
  readonly foreignPlugin: ForeignPlugin | undefined
  readonly kubeletFiles: KubeletFiles
  readonly nodeIps: readonly string[] | undefined
  readonly kubeconfig: string | undefined
  readonly detach: boolean
  readonly store: StoreOptions
  readonly apiServer: ApiServerSettings
  readonly verbose: boolean
  readonly help: boolean
}

export function parseUpOptions(argv: readonly string[]): UpOptions {
  const { values, arguments: rest, given } = parseFlags(argv, upFlags)
  if (rest.length) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}`)
  const store = parseStoreOptions(values, given)
  for (const name of ["nodes", "simulated-nodes"] as const) {
    if (values[name] && store.snapshot?.readOnly)
      throw new UsageError(`--${name}: a node cannot join a cluster that is opened with --read-only`)
    if ((values[name] ?? 0) < 0) throw new UsageError(`--${name} must not be negative`)
  }
  // A backup is looked at beside the cluster that runs: at a port of its own, and its nodes are not here.
  const listen = parseListen(store.snapshot && !given.has("listen") ? "127.0.0.1:0" : values.listen)
  return {
    dataDir: values["data-dir"],
    listen,
    networks: parseNetworkWishes(values),
    ingress: parseIngress(values, listen.host),
    foreignPlugin: parseForeignPlugin(values),
    kubeletFiles: parseKubeletFiles(values),
    nodeIps: parseNodeIps(values["node-ip"]),
    nodes: values.nodes ?? (store.snapshot && 0),
    simulatedNodes: values["simulated-nodes"] ?? (store.snapshot && 0),
    kubeconfig: values.kubeconfig,
    detach: values.detach,
    store,
    apiServer: apiServerSettings(values),
    verbose: values.verbose,
    help: values.help,
  }
}
