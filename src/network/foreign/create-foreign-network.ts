import { mkdir, rm } from "node:fs/promises"
import type { Commands } from "../../base/commands.ts"
import { ipFamily } from "../../base/ip-address.ts"
import type { Logger } from "../../base/log.ts"
import { clusterPrefix, nodeInterfaceName } from "../interface-names.ts"
import { listInterfaces, removeKernelObjects } from "../plugin/clean-up.ts"
import { ensureForwarding, forwardingSettings, restoreForwarding } from "../plugin/forwarding.ts"
import { planNodeInterface } from "../plugin/node-interface.ts"
import { planNodeRules } from "../plugin/node-rules.ts"
import type { PodNetwork } from "../plugin/pod-network.ts"

/** Where a network plugin of somebody else is, as for any CNI runtime. */
export interface ForeignPlugin {
  readonly configDirectory: string
  readonly binaryDirectory: string
}

export interface ForeignNetworkOptions extends ForeignPlugin {
  readonly clusterId: string
  readonly directory: string
  readonly sharedDirectory?: string
  readonly serviceCidrs: readonly string[]
  readonly dnsServers: readonly string[]
  readonly commands: Commands
  readonly log: Logger
}

/**
 * A pod network that plugins of somebody else make (https://www.cni.dev/docs/spec/): the runtime calls them, and pods' addresses
 * are known when the runtime tells. What the node itself needs is still ours: the addresses at which it answers DNS, and
 * a route to Services.
 */
export function createForeignNetwork(options: ForeignNetworkOptions): PodNetwork {
  const { clusterId, directory, sharedDirectory = "/run/coracle", dnsServers, commands, log } = options
  const prefix = clusterPrefix(clusterId)
  const forwarding = { sharedDirectory, commands }

  async function makeNode(): Promise<void> {
    for (const family of new Set(dnsServers.map(ipFamily)))
      await ensureForwarding(forwarding, prefix, forwardingSettings[family])
    const interfaces = await listInterfaces(commands)
    const node = { prefix, gateways: [], dnsServers, serviceCidrs: options.serviceCidrs }
    const lines = planNodeInterface(node, interfaces.includes(nodeInterfaceName(prefix)))
    await commands.run("ip", ["-batch", "-"], lines)
    // Translation on the way out is the plugin's own affair.
    const rules = planNodeRules({ prefix, clusterCidrs: [], dnsServers, allocations: [] })
    await commands.run("nft", ["-f", "-"], rules)
  }

  return {
    directory,
    cniConfigDirectory: options.configDirectory,
    cniBinaryDirectory: options.binaryDirectory,
    prefix,
    // Pods find the node where it answers their questions.
    gateways: dnsServers,
    async start() {
      await mkdir(directory, { recursive: true })
      await makeNode()
      log.info("pods are connected by plugins of this machine", { configuration: options.configDirectory })
    },
    repair: makeNode,
    prepare: async () => [],
    async release() {},
    async adopt() {},
    async cleanUp() {
      await removeKernelObjects(prefix, commands, log)
      await restoreForwarding(forwarding, prefix)
      await rm(directory, { recursive: true, force: true })
    },
  }
}
