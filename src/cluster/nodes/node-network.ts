import { metricsType } from "../../base/metrics.ts"
import { join } from "node:path"
import type { Commands } from "../../base/commands.ts"
import { ipFamily, parseNetwork } from "../../base/ip-address.ts"
import type { Logger } from "../../base/log.ts"
import { type Pages, servePages } from "../../base/real/serve-pages.ts"
import type { TakeDownStep } from "../../base/take-down.ts"
import type { PodNetworkPort } from "../../kubelet/kubelet-services.ts"
import { Node } from "../../api/core/v1/node.ts"
import { createEventSeriesRecorder } from "../../client/create-event-series-recorder.ts"
import type { Informers } from "../../client/informers.ts"
import { createDnsServer, type DnsServer } from "../../dns/create-dns-server.ts"
import { createForeignNetwork } from "../../network/foreign/create-foreign-network.ts"
import { createOverlay, type Overlay } from "../../network/overlay/create-overlay.ts"
import { findPodMtu } from "../../network/overlay/overlay-device.ts"
import { createPodNetwork } from "../../network/plugin/create-pod-network.ts"
import type { PodNetwork } from "../../network/plugin/pod-network.ts"
import { createNetworkPolicies } from "../../network/policy/create-network-policies.ts"
import { createProxy } from "../../proxy/create-proxy.ts"
import { healthPages, metricsPages, proxyPaths } from "../../proxy/serving/status-pages.ts"
import { buildMetrics, thisBuild } from "../../apimachinery/build-info.ts"
import { processMetrics } from "../../base/real/process-metrics.ts"
import { withComponentPages } from "../component-pages.ts"
import { machineAddress } from "../machine.ts"
import type { NodeParts } from "./cluster-node.ts"
import type { NodeControlPlane } from "./node-control-plane.ts"

/** The pods' network on this machine, as it is also found again after a crash. */
export async function createNodeNetwork(
  parts: AddressedParts & Pick<NodeParts, "name" | "directory" | "foreignPlugin" | "log">,
  commands: Commands,
): Promise<PodNetwork> {
  const { name, directory, networks, ownAddresses, foreignPlugin, log } = parts
  const nodeDirectory = directory.nodeDirectory(name)
  const common = {
    clusterId: `${directory.path}/${name}`,
    directory: join(nodeDirectory, "network"),
    // Settings of a namespace of the node's own are nobody else's business.
    ...(ownAddresses && { sharedDirectory: join(nodeDirectory, "settings") }),
    serviceCidrs: networks.services,
    dnsServers: networks.dnsServices,
    commands,
    log: log.named("network"),
  }
  if (foreignPlugin) return createForeignNetwork({ ...common, ...foreignPlugin })
  return createPodNetwork({
    ...common,
    clusterCidrs: networks.pods,
    // Nodes may join at any time; pods that run by then must fit into what goes between the nodes.
    mtu: await findPodMtu(commands, nodeAddresses(parts)[0]!, networks.backend === "vxlan"),
  })
}

type AddressedParts = Pick<NodeParts, "ownAddresses" | "nodeIps" | "networks">

/** Where others reach the node, the first one first. */
export function nodeAddresses({ ownAddresses, nodeIps, networks }: AddressedParts): readonly string[] {
  const chosen = ownAddresses ?? nodeIps
  if (chosen) return chosen
  const found = networks.pods.flatMap((range) => machineAddress(ipFamily(range)) ?? [])
  return found.length > 0 ? found : [ipFamily(networks.pods[0]!) === 4 ? "127.0.0.1" : "::1"]
}

/** What works for the pods' network on every node: Services, policies, names, and the way to other nodes' pods. */
export interface NetworkAgents {
  /** The pod network as the kubelet may use it: no pod starts before its policies hold. */
  readonly guarded: PodNetworkPort
  run(signal: AbortSignal): Promise<void>
  readonly ready: Promise<void>
  readonly takeDown: readonly TakeDownStep[]
}

export function createNetworkAgents(
  parts: NodeParts,
  { network, controlPlane, commands }: NetworkAgentParts,
): NetworkAgents {
  const { name, networks, foreignPlugin, clock, random, log } = parts
  const families = networks.services.map(ipFamily)
  const common = { nodeName: name, prefix: network.prefix, families, commands, clock }
  const policyInformers = controlPlane.informersFor("network-policies")
  const policies = createNetworkPolicies({
    ...common,
    informers: policyInformers,
    client: controlPlane.clientFor("network-policies"),
    dnsServers: networks.dnsServices,
    log: log.named("network-policies"),
  })
  const informers = controlPlane.informersFor("proxy")
  const proxy = createProxy({
    ...common,
    informers,
    // Where a foreign plugin has its pods, only it knows.
    podNetworks: foreignPlugin ? [] : networks.pods,
    keepNodeAddresses: !foreignPlugin,
    events: createEventSeriesRecorder({
      client: controlPlane.clientFor("proxy"),
      component: "kube-proxy",
      host: name,
      clock,
      random,
      log,
    }),
    serviceNetworks: networks.services,
    log: log.named("proxy"),
  })
  const dnsInformers = controlPlane.informersFor("dns")
  const dns = createDnsServer({ ...parts, informers: dnsInformers, log: log.named("dns") })
  const told = createTelling(log)
  let overlay: Overlay | undefined

  /** Once the node has been given its pod CIDR: its network, its DNS, and the way to other nodes. */
  async function connect(signal: AbortSignal): Promise<void> {
    const podCidrs = await podCidrsOf(name, informers, signal)
    if (!podCidrs) return
    await network.start(podCidrs)
    if (!foreignPlugin) overlay = createNodeOverlay(podCidrs)
    void overlay?.run(signal)
    const dnsAddresses = [...new Set([...networks.dnsServices, ...network.gateways])]
    await Promise.all([dns.listen(dnsAddresses), controlPlane.connected(network.gateways[0]!)])
    for (const host of dnsAddresses) await told.serve("DNS", { host, port: 9153 }, dnsPages(dns))
  }

  function createNodeOverlay(podCidrs: readonly string[]): Overlay {
    return createOverlay({
      ...common,
      informers,
      nodeAddress: nodeAddresses(parts)[0]!,
      podCidrs,
      clusterCidrs: networks.pods,
      gateways: network.gateways,
      mode: networks.backend,
      networkId: overlayNetworkId(networks.pods[0]!),
      log: log.named("overlay"),
    })
  }

  let connected: (done: Promise<void>) => void
  const isConnected = new Promise<void>((resolve) => (connected = resolve))
  return {
    guarded: {
      async prepare(pod) {
        await policies.announce(pod, await network.prepare(pod))
      },
      release: (podUid) => network.release(podUid),
    },
    ready: Promise.all([isConnected, proxy.ready, policies.ready]).then(() => {}),
    async run(signal) {
      const everywhere = families.includes(6) ? "::" : "0.0.0.0"
      const host = controlPlane.isLocal ? "127.0.0.1" : everywhere
      // What a proxy on its own would have been told by flags.
      const proxyFlags = {
        "healthz-bind-address": `${host.includes(":") ? `[${host}]` : host}:10256`,
        "hostname-override": name,
        "metrics-bind-address": "127.0.0.1:10249",
        "proxy-mode": "nftables",
      }
      await told.serve("the proxy's health", { host, port: 10_256 }, healthPages(proxy.status))
      await told.serve(
        "the proxy",
        { host: "127.0.0.1", port: 10_249 },
        withComponentPages(
          "kube-proxy",
          { clock, paths: proxyPaths, values: proxyFlags, probes: { healthz: () => [] }, profiling: false },
          metricsPages(proxy.status, "nftables", [...processMetrics(clock), ...buildMetrics(thisBuild)]),
        ),
      )
      const connecting = connect(signal)
      connected(connecting)
      const running = [proxy.run(signal), policies.run(signal), connecting]
      for (const each of [informers, dnsInformers, policyInformers]) each.start(signal)
      await Promise.allSettled(running)
    },
    takeDown: [
      ["stop telling of the network", async () => told.close()],
      ["stop DNS", () => dns.close()],
      ["remove the rules of policies", () => policies.cleanUp()],
      ["remove the rules for Services", () => proxy.cleanUp()],
      ["remove the overlay", async () => overlay?.cleanUp()],
      ["remove the pod network", () => network.cleanUp()],
    ],
  }
}

/** CoreDNS' way of telling. */
function dnsPages(dns: DnsServer): Pages {
  return ({ path }) => (path === "/metrics" ? { contentType: metricsType, text: dns.metrics() } : undefined)
}

/** Ports where monitoring asks. Another cluster of the machine may have them: the network works without. */
function createTelling(log: Logger) {
  const open: { close(): void }[] = []
  return {
    async serve(what: string, at: { host: string; port: number }, pages: Pages): Promise<void> {
      await servePages(at, pages).then(
        (served) => open.push(served),
        (error: unknown) => log.warn(`nobody is told of ${what}`, { ...at, error }),
      )
    },
    close: () => open.splice(0).forEach((each) => each.close()),
  }
}

interface NetworkAgentParts {
  readonly network: PodNetwork
  readonly controlPlane: NodeControlPlane
  readonly commands: Commands
}

/** Clusters side by side have different pod networks; their packets between the same machines are told apart by them. */
function overlayNetworkId(podNetwork: string): number {
  const { base, family } = parseNetwork(podNetwork)!
  return Number((base >> (family === 4 ? 8n : 64n)) & 0xffffffn)
}

/** Resolves when the node IPAM controller has given the node its ranges; undefined when `signal` aborts before. */
function podCidrsOf(
  name: string,
  informers: Informers,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  return new Promise((resolve) => {
    const look = (node: Node | undefined) => {
      if (node?.metadata.name !== name || !node.spec.podCIDR) return
      resolve(node.spec.podCIDRs ?? [node.spec.podCIDR])
    }
    informers.onChange(Node, look)
    signal.addEventListener("abort", () => resolve(undefined), { once: true })
  })
}
