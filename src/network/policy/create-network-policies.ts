import { orAborted } from "../../base/on-abort.ts"
import type { Clock } from "../../base/clock.ts"
import { sleep } from "../../base/clock.ts"
import type { Commands } from "../../base/commands.ts"
import { type IpFamily, parseIp } from "../../base/ip-address.ts"
import type { Logger } from "../../base/log.ts"
import { SyncLoop } from "../../base/sync-loop.ts"
import { formatKey, keyOf } from "../../apimachinery/meta.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Node } from "../../api/core/v1/node.ts"
import { NetworkPolicy } from "../../api/networking/v1/network-policy.ts"
import type { Client } from "../../client/client.ts"
import type { Informers } from "../../client/informers.ts"
import { toClusterPolicy } from "./cluster-wide/cluster-policy.ts"
import { PolicyReporter } from "./cluster-wide/policy-reporter.ts"
import { type AnyClusterPolicy, clusterPolicyResources } from "./cluster-wide/resources.ts"
import { PolicyEngine } from "./policy-engine.ts"
import { toPolicyPod } from "./policy-pod.ts"
import { policyTable } from "./policy-table.ts"

/** Enforces NetworkPolicies for the pods of one node. */
export interface NetworkPolicies {
  /** Follows the cluster until `signal` aborts; the rules stay. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when every policy that exists is enforced for the first time. */
  readonly ready: Promise<void>
  settled(): Promise<void>
  /**
   * A pod of this node is about to start with these addresses: resolves when its policies hold for them, so that it has
   * no moment of freedom between its start and its status.
   */
  announce(pod: { uid: string; namespace: string; name: string }, addresses: readonly string[]): Promise<void>
  cleanUp(): Promise<void>
}

export interface NetworkPoliciesOptions {
  readonly informers: Informers
  /** Tells in the status of cluster-wide policies that they hold here. */
  readonly client: Client
  readonly nodeName: string
  /** Starts the name of its tables. */
  readonly prefix: string
  /** @default [4] */
  readonly families?: readonly IpFamily[]
  /**
   * Where the node itself answers DNS. Policies that let pods ask the cluster's DNS name its pods by namespace
   * "kube-system" and label "k8s-app: kube-dns": these addresses count as such a pod.
   */
  readonly dnsServers?: readonly string[]
  readonly commands: Commands
  readonly clock: Clock
  readonly log: Logger
}

/** How long a pod's start may wait for the pod to be known here: it came to the kubelet by the same road. */
const acquaintanceMs = 2000

/** How long a start waits for cluster-wide policies, which a cluster need not have a definition for. */
const clusterWideMs = 3000

/** NetworkPolicies by the kernel's nftables; needs root. */
export function createNetworkPolicies(options: NetworkPoliciesOptions): NetworkPolicies {
  return new KernelNetworkPolicies(options)
}

class KernelNetworkPolicies implements NetworkPolicies {
  readonly #options: NetworkPoliciesOptions
  readonly #families: readonly IpFamily[]
  readonly #engine: PolicyEngine
  readonly #loop: SyncLoop
  readonly #reporter: PolicyReporter
  readonly #announced = new Map<string, readonly string[]>()
  #makeAll = true

  constructor(options: NetworkPoliciesOptions) {
    const { prefix, families = [4], dnsServers = [], nodeName, client, clock, log } = options
    this.#options = options
    this.#families = families
    this.#engine = new PolicyEngine(prefix, families)
    this.#reporter = new PolicyReporter({ client, nodeName, clock, log })
    if (dnsServers.length > 0) this.#engine.setPod("kube-system/the node's own dns", dnsPod(dnsServers))
    this.#loop = new SyncLoop({
      clock,
      log,
      sync: () => this.#sync(),
      failed: () => {
        this.#makeAll = true
      },
      inspect: () => this.#inspect(),
    })
  }

  get ready(): Promise<void> {
    return this.#loop.ready
  }

  settled(): Promise<void> {
    return this.#loop.settled()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, clock } = this.#options
    const stopWatching = this.#watch()
    const sources = [informers.for(Namespace), informers.for(Pod), informers.for(NetworkPolicy)]
    const clusterWide = clusterPolicyResources.map((kind) => informers.for(kind).synced)
    await orAborted(Promise.all(sources.map((source) => source.synced)), signal)
    await Promise.race([Promise.all(clusterWide), sleep(clock, clusterWideMs, signal)])
    await this.#loop.run(signal)
    stopWatching()
  }

  async announce(
    pod: { uid: string; namespace: string; name: string },
    addresses: readonly string[],
  ): Promise<void> {
    this.#announced.set(pod.uid, addresses)
    const known = await this.#waitForPod(pod)
    if (known) this.#setPod(known)
    await this.#loop.settled()
  }

  async cleanUp(): Promise<void> {
    this.#makeAll = true
    const lines = this.#families.map((family) => {
      const table = policyTable(this.#options.prefix, family)
      return `add table ${table}\ndelete table ${table}\n`
    })
    await this.#options.commands.run("nft", ["-f", "-"], lines.join(""))
  }

  #watch(): () => void {
    const { informers } = this.#options
    const stops = [
      informers.onChange(Namespace, (current, previous) => {
        const { name } = (current ?? previous)!.metadata
        this.#engine.setNamespace(name, current && (current.metadata.labels ?? {}))
        this.#loop.trigger()
      }),
      informers.onChange(Pod, (current, previous) => {
        if (current) return this.#setPod(current)
        this.#announced.delete(previous!.metadata.uid)
        this.#engine.setPod(formatKey(keyOf(previous!)), undefined)
        this.#loop.trigger()
      }),
      informers.onChange(NetworkPolicy, (current, previous) => {
        this.#engine.setPolicy(formatKey(keyOf((current ?? previous)!)), current)
        this.#loop.trigger()
      }),
    ]
    for (const kind of clusterPolicyResources)
      stops.push(
        informers.onChange(kind, (current, previous) => {
          this.#setClusterPolicy(kind.kind, (current ?? previous)!.metadata.name, current)
        }),
      )
    stops.push(
      informers.onChange(Node, (current, previous) => {
        const { name } = (current ?? previous)!.metadata
        this.#engine.setNode(name, current && toPolicyNode(current))
        this.#loop.trigger()
      }),
    )
    return () => stops.forEach((stop) => stop())
  }

  #setClusterPolicy(kind: string, name: string, policy: AnyClusterPolicy | undefined): void {
    const id = `${kind}/${name}`
    // Its status changes when nodes report, and says nothing new to us.
    if (policy && this.#reporter.knows(id, policy)) return
    const known = policy && toClusterPolicy(kind, policy)
    this.#engine.setClusterPolicy(id, known)
    this.#reporter.set(id, known && { policy, isWhole: known.isWhole })
    this.#loop.trigger()
  }

  #setPod(pod: Pod): void {
    const { nodeName } = this.#options
    this.#engine.setPod(
      formatKey(keyOf(pod)),
      toPolicyPod(pod, nodeName, this.#announced.get(pod.metadata.uid)),
    )
    this.#loop.trigger()
  }

  async #waitForPod({ uid, namespace, name }: { uid: string; namespace: string; name: string }) {
    const { informers, clock } = this.#options
    const find = () => {
      const pod = informers.cache.find(Pod, { namespace, name })
      return pod?.metadata.uid === uid ? pod : undefined
    }
    informers.for(Pod)
    if (find()) return find()
    const waited = new AbortController()
    const stop = informers.onChange(Pod, (current) => {
      if (current?.metadata.uid === uid) waited.abort()
    })
    await sleep(clock, acquaintanceMs, waited.signal)
    stop()
    return find()
  }

  async #sync(): Promise<void> {
    const text = this.#makeAll ? this.#engine.takeAll() : this.#engine.takeChange()
    if (text) await this.#options.commands.run("nft", ["-f", "-"], text)
    this.#makeAll = false
    // The next change need not wait for it.
    void this.#reporter.report()
  }

  /** Whether our tables are still there: somebody may have flushed the machine's rules. */
  async #inspect(): Promise<boolean> {
    const { commands, prefix, log } = this.#options
    const tables = (await commands.run("nft", ["list", "tables"])).split("\n")
    if (this.#families.every((family) => tables.includes(`table ${policyTable(prefix, family)}`))) return true
    log.warn("somebody removed the rules for network policies; making them again")
    this.#makeAll = true
    return false
  }
}

function toPolicyNode({ metadata, status }: Node) {
  return {
    labels: metadata.labels ?? {},
    addresses: (status.addresses ?? []).map(({ address }) => address).filter((address) => parseIp(address)),
  }
}

function dnsPod(addresses: readonly string[]) {
  const names = { UDP: "dns", TCP: "dns-tcp" } as const
  return {
    namespace: "kube-system",
    labels: { "k8s-app": "kube-dns" },
    addresses,
    ports: (["UDP", "TCP"] as const).map((protocol) => ({ name: names[protocol], protocol, port: 53 })),
    local: false,
  }
}
