import type { Commands } from "../../base/commands.ts"
import { CommandError } from "../../base/commands.ts"
import { formatIp, parseNetwork } from "../../base/ip-address.ts"
import type { Logger } from "../../base/log.ts"
import { createCommands } from "../../base/real/commands.ts"
import { clusterPrefix, podInterfaceName } from "../interface-names.ts"
import { removeKernelObjects, removeNetworkNamespace } from "../plugin/clean-up.ts"
import { ensureForwarding, restoreForwarding } from "../plugin/forwarding.ts"

/**
 * Several nodes on one machine: a network namespace for each, all on one link, as machines in a rack are. Each has an
 * address of its own there, reaches the others and, through this machine, the world; this machine reaches each.
 */
export interface NodeLink {
  /** Makes the node's place, or finds it as it is. */
  addNode(name: string): Promise<NodePlace>
  removeNode(name: string): Promise<void>
  /** This machine's own address on the link: where nodes find its API server. */
  readonly hostAddress: string
  /** Removes all of it. Also right after a crash. */
  cleanUp(): Promise<void>
}

export interface NodePlace {
  readonly name: string
  /** The namespace's file, for `nsenter --net`. */
  readonly namespacePath: string
  /** The node's address on the link: its InternalIP. */
  readonly address: string
  /** Runs programs there. */
  readonly commands: Commands
}

export interface NodeLinkOptions {
  /** Tells clusters on a machine apart. */
  readonly clusterId: string
  /** The link's own network; nobody else may use it. */
  readonly network: string
  /** Shared by all clusters of the machine. @default "/run/coracle" */
  readonly sharedDirectory?: string
  readonly commands: Commands
  readonly log: Logger
}

/** This machine's own address on a link with this network. */
export function linkAddress(text: string): string {
  const network = parseNetwork(text)
  if (network?.family !== 4) throw new Error(`${JSON.stringify(text)} is no IPv4 network`)
  return formatIp({ family: 4, value: network.base + 1n })
}

export function createNodeLink(options: NodeLinkOptions): NodeLink {
  return new BridgedNodeLink(options)
}

class BridgedNodeLink implements NodeLink {
  readonly hostAddress: string
  readonly #options: NodeLinkOptions
  readonly #prefix: string
  readonly #length: number
  #made = false

  constructor(options: NodeLinkOptions) {
    this.#options = options
    this.#prefix = clusterPrefix(options.clusterId)
    this.hostAddress = linkAddress(options.network)
    this.#length = parseNetwork(options.network)!.prefixLength
  }

  async addNode(name: string): Promise<NodePlace> {
    const { commands } = this.#options
    if (!this.#made) await this.#makeLink()
    this.#made = true
    const namespace = this.#namespaceOf(name)
    const namespacePath = `/run/netns/${namespace}`
    const inside = createCommands({ prefix: ["nsenter", `--net=${namespacePath}`] })
    const known = await findAddress(inside)
    if (known !== undefined) return { name, namespacePath, address: known, commands: inside }
    await commands.run("ip", ["netns", "add", namespace]).catch(ignoreExisting)
    const address = await this.#freeAddress()
    await this.#connect(name, namespace, address, inside)
    return { name, namespacePath, address, commands: inside }
  }

  async removeNode(name: string): Promise<void> {
    await removeNetworkNamespace(`/run/netns/${this.#namespaceOf(name)}`, this.#options.commands)
  }

  async cleanUp(): Promise<void> {
    const { commands, log } = this.#options
    for (const namespace of await this.#namespaces())
      await removeNetworkNamespace(`/run/netns/${namespace}`, commands)
    await removeKernelObjects(this.#prefix, commands, log)
    await restoreForwarding(this.#forwarding, this.#prefix)
    this.#made = false
  }

  /** The bridge that all nodes are connected to, and the way out for what they send elsewhere. */
  async #makeLink(): Promise<void> {
    const { commands, network } = this.#options
    const bridge = this.#bridge
    await ensureForwarding(this.#forwarding, this.#prefix, "net.ipv4.ip_forward")
    await commands.run("ip", ["link", "add", bridge, "type", "bridge"]).catch(ignoreExisting)
    await commands.run(
      "ip",
      ["-batch", "-"],
      `link set ${bridge} up\naddr replace ${this.hostAddress}/${this.#length} dev ${bridge}\n`,
    )
    // This machine's loopback address may lead to pods (node ports at 127.0.0.1); nobody on the link may use it.
    await commands.run("tee", [`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`], "1")
    const table = `ip ${this.#prefix}-link`
    await commands.run(
      "nft",
      ["-f", "-"],
      `add table ${table}
delete table ${table}
table ${table} {
  chain guard {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip saddr 127.0.0.0/8 drop
    iifname "${bridge}" ip daddr 127.0.0.0/8 drop
  }
  chain outgoing {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${bridge}" ip saddr 127.0.0.0/8 masquerade
    oifname != "${bridge}" ip saddr ${network} masquerade
  }
}
`,
    )
  }

  async #connect(name: string, namespace: string, address: string, inside: Commands): Promise<void> {
    const cable = podInterfaceName(this.#prefix, name)
    await this.#options.commands.run(
      "ip",
      ["-batch", "-"],
      `link add ${cable} type veth peer name eth0 netns ${namespace}\nlink set ${cable} master ${this.#bridge} up\n`,
    )
    await inside.run(
      "ip",
      ["-batch", "-"],
      [
        "link set lo up",
        "link set eth0 up",
        `addr add ${address}/${this.#length} dev eth0`,
        `route add default via ${this.hostAddress}\n`,
      ].join("\n"),
    )
  }

  /** The lowest that no node has: the kernel knows which are taken, also those of an earlier run. */
  async #freeAddress(): Promise<string> {
    const taken = new Set<string>()
    for (const namespace of await this.#namespaces()) {
      const address = await findAddress(
        createCommands({ prefix: ["nsenter", `--net=/run/netns/${namespace}`] }),
      )
      if (address !== undefined) taken.add(address)
    }
    const { base } = parseNetwork(this.#options.network)!
    const most = (1n << BigInt(32 - this.#length)) - 1n
    for (let offset = 2n; offset < most; offset++) {
      const address = formatIp({ family: 4, value: base + offset })
      if (!taken.has(address)) return address
    }
    throw new Error(`no address of ${this.#options.network} is left for another node`)
  }

  async #namespaces(): Promise<string[]> {
    const output = await this.#options.commands.run("ip", ["netns", "list"])
    return output
      .split("\n")
      .map((line) => line.split(" ")[0]!)
      .filter((name) => name.startsWith(`${this.#prefix}-`))
  }

  #namespaceOf(node: string): string {
    return `${this.#prefix}-${node}`
  }

  get #bridge(): string {
    return `${this.#prefix}-link`
  }

  get #forwarding() {
    const { sharedDirectory = "/run/coracle", commands } = this.#options
    return { sharedDirectory, commands }
  }
}

/** The address of "eth0" in a node's namespace; undefined when there is no such namespace or it is not connected. */
async function findAddress(inside: Commands): Promise<string | undefined> {
  const output = await inside.run("ip", ["-json", "-4", "addr", "show", "dev", "eth0"]).catch(() => "[]")
  const [link] = JSON.parse(output || "[]") as { addr_info?: { local?: string }[] }[]
  return link?.addr_info?.[0]?.local
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof CommandError && error.stderr.includes("File exists"))) throw error
}
