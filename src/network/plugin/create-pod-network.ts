import { rm } from "node:fs/promises"
import { join } from "node:path"
import { ipFamily, parseNetwork } from "../../base/ip-address.ts"
import { clusterPrefix, nodeInterfaceName, podInterfaceName } from "../interface-names.ts"
import { AddressPool } from "./address-pool.ts"
import { AllocationFiles } from "./allocation-files.ts"
import { listInterfaces, removeKernelObjects, removeNetworkNamespace } from "./clean-up.ts"
import { ensureForwarding, type Forwarding, forwardingSettings, restoreForwarding } from "./forwarding.ts"
import { installPlugin } from "./install-plugin.ts"
import { planNodeInterface } from "./node-interface.ts"
import { planCloseHostPorts, planNodeRules, planOpenHostPorts } from "./node-rules.ts"
import type { PodAllocation } from "./pod-allocation.ts"
import type { PodNetwork, PodNetworkOptions, PodToConnect } from "./pod-network.ts"
import { planPod, podRoute } from "./pod-plan.ts"
import { podTable } from "./table-names.ts"

/** The pod network of a node with real interfaces; needs root. Nothing happens before `start`. */
export function createPodNetwork(options: PodNetworkOptions): PodNetwork {
  return new KernelPodNetwork(options)
}

class KernelPodNetwork implements PodNetwork {
  readonly directory: string
  readonly cniConfigDirectory: string
  readonly cniBinaryDirectory: string
  readonly prefix: string
  readonly #options: PodNetworkOptions
  readonly #forwarding: Forwarding
  readonly #files: AllocationFiles
  readonly #allocations = new Map<string, PodAllocation>()
  #pools: readonly AddressPool[] = []

  constructor(options: PodNetworkOptions) {
    const { clusterId, directory, sharedDirectory = "/run/coracle", commands } = options
    this.#options = options
    this.directory = directory
    this.prefix = clusterPrefix(clusterId)
    this.cniConfigDirectory = join(directory, "cni", "conf")
    this.cniBinaryDirectory = join(directory, "cni", "bin")
    this.#files = new AllocationFiles(join(directory, "pods"))
    this.#forwarding = { sharedDirectory, commands }
  }

  get gateways(): readonly string[] {
    return this.#pools.map((pool) => pool.gateway)
  }

  async start(podCidrs: readonly string[]): Promise<void> {
    this.#pools = podCidrs.map(poolOf)
    await this.#loadAllocations()
    await this.#makeNode()
    await installPlugin(this, this.#files.directory)
    const { log } = this.#options
    log.info("pod network is up", { podCidrs, interface: nodeInterfaceName(this.prefix) })
  }

  async repair(): Promise<void> {
    const { commands, log } = this.#options
    const families = new Set(this.#pools.map((pool) => pool.network.family))
    if (families.size === 0) return
    const [tables, interfaces] = await Promise.all([
      commands.run("nft", ["list", "tables"]),
      listInterfaces(commands),
    ])
    const hasTables = Array.from(families).every((family) =>
      tables.split("\n").includes(`table ${podTable(this.prefix, family)}`),
    )
    if (hasTables && interfaces.includes(nodeInterfaceName(this.prefix))) return
    log.warn("somebody removed parts of the pod network; making them again")
    await this.#makeNode()
  }

  async prepare(pod: PodToConnect): Promise<readonly string[]> {
    const known = this.#allocations.get(pod.uid)
    if (known) return known.addresses
    const allocation = this.#allocate(pod)
    const { prefix, gateways } = this
    const { mtu = 1500 } = this.#options
    try {
      await this.#applyRules(planOpenHostPorts(prefix, allocation))
      await this.#files.save(pod.uid, planPod(allocation, { prefix, gateways, mtu }))
    } catch (error) {
      this.#forget(allocation)
      throw error
    }
    return allocation.addresses
  }

  async release(podUid: string): Promise<void> {
    const allocation = this.#allocations.get(podUid)
    if (!allocation) return
    const { log } = this.#options
    await this.#applyRules(planCloseHostPorts(this.prefix, allocation)).catch((error: unknown) =>
      log.warn("cannot close host ports", { pod: allocation.name, error }),
    )
    await this.#disconnect(podUid)
    this.#forget(allocation)
  }

  async adopt(podUids: readonly string[]): Promise<void> {
    const alive = new Set(podUids)
    // Before `start` nothing was read yet: then the files say who holds what.
    if (this.#pools.length === 0) {
      for (const { uid } of await this.#files.load()) if (!alive.has(uid)) await this.#disconnect(uid)
      return
    }
    for (const uid of this.#allocations.keys()) if (!alive.has(uid)) await this.release(uid)
  }

  async cleanUp(): Promise<void> {
    const { commands, log, directory } = this.#options
    await removeKernelObjects(this.prefix, commands, log)
    for (const path of await this.#files.namespacePaths()) await removeNetworkNamespace(path, commands)
    await restoreForwarding(this.#forwarding, this.prefix)
    await rm(directory, { recursive: true, force: true })
    this.#allocations.clear()
    this.#pools = []
  }

  /** Normally the cable went with the sandbox's namespace. */
  async #disconnect(podUid: string): Promise<void> {
    await this.#options.commands
      .run("ip", ["link", "del", podInterfaceName(this.prefix, podUid)])
      .catch(() => {})
    await this.#files.delete(podUid)
  }

  /** Addresses of an earlier life stay with their pods; one outside today's networks is of no use to anybody. */
  async #loadAllocations(): Promise<void> {
    this.#allocations.clear()
    for (const allocation of await this.#files.load()) {
      const usable = allocation.addresses.every((address) => this.#poolFor(address)?.reserve(address))
      if (usable) this.#allocations.set(allocation.uid, allocation)
      else await this.#files.delete(allocation.uid)
    }
  }

  async #makeNode(): Promise<void> {
    const { prefix, gateways } = this
    const { commands, clusterCidrs, serviceCidrs, dnsServers } = this.#options
    for (const pool of this.#pools)
      await ensureForwarding(this.#forwarding, prefix, forwardingSettings[pool.network.family])
    const interfaces = await listInterfaces(commands)
    const node = { prefix, gateways, dnsServers, serviceCidrs }
    const lines = planNodeInterface(node, interfaces.includes(nodeInterfaceName(prefix)))
    await commands.run("ip", ["-batch", "-"], `${lines}${this.#podRoutes(interfaces)}`)
    const allocations = Array.from(this.#allocations.values())
    await this.#applyRules(planNodeRules({ prefix, clusterCidrs, dnsServers, allocations }))
  }

  /** The routes to pods that are connected already: they go with the node's own address. */
  #podRoutes(interfaces: readonly string[]): string {
    const lines: string[] = []
    for (const { uid, addresses } of this.#allocations.values()) {
      const name = podInterfaceName(this.prefix, uid)
      if (interfaces.includes(name))
        lines.push(...addresses.map((address) => podRoute(address, name, this.gateways)))
    }
    return lines.map((line) => `${line}\n`).join("")
  }

  /** Nothing here waits, so that a second call for the same pod finds the first one's addresses. */
  #allocate({ uid, namespace, name, hostPorts = [] }: PodToConnect): PodAllocation {
    if (this.#pools.length === 0)
      throw new Error(
        "the node has no pod CIDR yet: pods get addresses once the control plane has given it one",
      )
    const addresses: string[] = []
    const allocation = { uid, namespace, name, addresses, hostPorts }
    try {
      for (const pool of this.#pools) addresses.push(pool.allocate())
    } catch (error) {
      this.#forget(allocation)
      throw error
    }
    this.#allocations.set(uid, allocation)
    return allocation
  }

  #forget(allocation: PodAllocation): void {
    this.#allocations.delete(allocation.uid)
    for (const address of allocation.addresses) this.#poolFor(address)?.release(address)
  }

  #poolFor(address: string): AddressPool | undefined {
    return this.#pools.find((pool) => pool.network.family === ipFamily(address))
  }

  async #applyRules(text: string): Promise<void> {
    if (text) await this.#options.commands.run("nft", ["-f", "-"], text)
  }
}

function poolOf(cidr: string): AddressPool {
  const network = parseNetwork(cidr)
  if (!network) throw new Error(`the node's pod CIDR ${JSON.stringify(cidr)} is no network`)
  return new AddressPool(network)
}
