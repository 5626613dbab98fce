import type { Commands } from "../../base/commands.ts"
import { CommandError } from "../../base/commands.ts"
import { formatIp, ipFamily, type IpNetwork, networkSize, parseNetwork } from "../../base/ip-address.ts"
import type { Logger } from "../../base/log.ts"
import { createCommands } from "../../base/real/commands.ts"
import { clusterPrefix, podInterfaceName } from "../interface-names.ts"
import { removeKernelObjects, removeNetworkNamespace } from "../plugin/clean-up.ts"
import { planLinkRules } from "./link-rules.ts"
import { ensureForwarding, forwardingSettings, restoreForwarding } from "../plugin/forwarding.ts"

/**
 * Several nodes on one machine: a network namespace for each, all on one link, as machines in a rack are. Each has an
 * address of its own there, reaches the others and, through this machine, the world; this machine reaches each.
 */
export interface NodeLink {
  /** Makes the node's place, or finds it as it is. */
  addNode(name: string): Promise<NodePlace>
  removeNode(name: string): Promise<void>
  /** This machine's own addresses on the link, one for each network: at the first nodes find its API server. */
  readonly hostAddresses: readonly string[]
  /** Removes all of it. Also right after a crash. */
  cleanUp(): Promise<void>
}

export interface NodePlace {
  readonly name: string
  /** The namespace's file, for `nsenter --net`. */
  readonly namespacePath: string
  /** The node's addresses on the link, one for each network: its InternalIPs. */
  readonly addresses: readonly string[]
  /** Runs programs there. */
  readonly commands: Commands
}

export interface NodeLinkOptions {
  /** Tells clusters on a machine apart. */
  readonly clusterId: string
  /** The link's own networks, one of each family at most; nobody else may use them. */
  readonly networks: readonly string[]
  /** Where Services live: this machine reaches them without any other route. @default none */
  readonly serviceCidrs?: readonly string[]
  /** Shared by all clusters of the machine. @default "/run/coracle" */
  readonly sharedDirectory?: string
  readonly commands: Commands
  readonly log: Logger
}

/** This machine's own address on a link with this network. */
export function linkAddress(text: string): string {
  return addressIn(getNetwork(text), 1n)
}

function getNetwork(text: string): IpNetwork {
  const network = parseNetwork(text)
  if (!network) throw new Error(`${JSON.stringify(text)} is no network`)
  return network
}

function addressIn({ family, base }: IpNetwork, offset: bigint): string {
  return formatIp({ family, value: base + offset })
}

export function createNodeLink(options: NodeLinkOptions): NodeLink {
  return new BridgedNodeLink(options)
}

class BridgedNodeLink implements NodeLink {
  readonly hostAddresses: readonly string[]
  readonly #options: NodeLinkOptions
  readonly #prefix: string
  readonly #networks: readonly IpNetwork[]
  #made = false

  constructor(options: NodeLinkOptions) {
    this.#options = options
    this.#prefix = clusterPrefix(options.clusterId)
    this.hostAddresses = options.networks.map(linkAddress)
    this.#networks = options.networks.map(getNetwork)
  }

  async addNode(name: string): Promise<NodePlace> {
    const { commands } = this.#options
    if (!this.#made) await this.#makeLink()
    this.#made = true
    const namespace = this.#namespaceOf(name)
    const namespacePath = `/run/netns/${namespace}`
    const inside = createCommands({ prefix: ["nsenter", `--net=${namespacePath}`] })
    const known = await listAddresses(inside)
    if (known.length > 0) return { name, namespacePath, addresses: known, commands: inside }
    await commands.run("ip", ["netns", "add", namespace]).catch(ignoreExisting)
    const addresses = await this.#freeAddresses()
    await this.#connect(name, namespace, addresses, inside)
    return { name, namespacePath, addresses, commands: inside }
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
    const { commands } = this.#options
    const bridge = this.#bridge
    for (const { family } of this.#networks)
      await ensureForwarding(this.#forwarding, this.#prefix, forwardingSettings[family])
    await commands.run("ip", ["link", "add", bridge, "type", "bridge"]).catch(ignoreExisting)
    const lines = [
      ...this.hostAddresses.map((address) => addressText("replace", this.#withLength(address), bridge)),
      ...this.#serviceRoutes(),
    ]
    await commands.run("ip", ["-batch", "-"], `link set ${bridge} up\n${lines.join("")}`)
    // This machine's loopback address may lead to pods (node ports at 127.0.0.1); nobody on the link may use it.
    if (this.#networks.some(({ family }) => family === 4))
      await commands.run("tee", [`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`], "1")
    const input = { prefix: this.#prefix, bridge, networks: this.#networks }
    await commands.run("nft", ["-f", "-"], planLinkRules(input))
  }

  /** Packets to Services never leave this way: they are translated before, or refused. */
  #serviceRoutes(): string[] {
    const { serviceCidrs = [] } = this.#options
    return serviceCidrs.flatMap((cidr) => {
      const source = this.hostAddresses.find((address) => ipFamily(address) === ipFamily(cidr))
      return source ? [`route replace ${cidr} dev ${this.#bridge} src ${source}\n`] : []
    })
  }

  async #connect(
    name: string,
    namespace: string,
    addresses: readonly string[],
    inside: Commands,
  ): Promise<void> {
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
        "link set lo up\n",
        "link set eth0 up\n",
        ...addresses.map((address) => addressText("add", this.#withLength(address), "eth0")),
        ...this.hostAddresses.map((address) => `route add default via ${address}\n`),
      ].join(""),
    )
  }

  /** The lowest that no node has: the kernel knows which are taken, also those of an earlier run. */
  async #freeAddresses(): Promise<readonly string[]> {
    const taken = new Set<string>()
    for (const namespace of await this.#namespaces()) {
      const inside = createCommands({ prefix: ["nsenter", `--net=/run/netns/${namespace}`] })
      for (const address of await listAddresses(inside)) taken.add(address)
    }
    const sizes = this.#networks.map(networkSize)
    for (let offset = 2n; sizes.every((size) => offset < size - 1n); offset++) {
      const addresses = this.#networks.map((network) => addressIn(network, offset))
      if (!addresses.some((address) => taken.has(address))) return addresses
    }
    throw new Error(`no address of ${this.#options.networks.join(" and ")} is left for another node`)
  }

  #withLength(address: string): string {
    const network = this.#networks.find(({ family }) => family === ipFamily(address))!
    return `${address}/${network.prefixLength}`
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

/** The addresses of "eth0" in a node's namespace; none when there is no such namespace or it is not connected. */
async function listAddresses(inside: Commands): Promise<readonly string[]> {
  const output = await inside.run("ip", ["-json", "addr", "show", "dev", "eth0"]).catch(() => "[]")
  const [link] = JSON.parse(output || "[]") as { addr_info?: { local?: string; scope?: string }[] }[]
  return (link?.addr_info ?? []).flatMap(({ local, scope }) => (local && scope === "global" ? [local] : []))
}

/** Nobody else can have the address: it is good at once. */
function addressText(verb: "add" | "replace", address: string, device: string): string {
  return `addr ${verb} ${address} dev ${device}${ipFamily(address) === 6 ? " nodad" : ""}\n`
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof CommandError && error.stderr.includes("File exists"))) throw error
}
