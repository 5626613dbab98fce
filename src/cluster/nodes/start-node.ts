import { createHash } from "node:crypto"
import { join } from "node:path"
import type { Logger } from "../../base/log.ts"
import type { Commands } from "../../base/commands.ts"
import { createCommands } from "../../base/real/commands.ts"
import { Node } from "../../api/core/v1/node.ts"
import type { Informers } from "../../client/informers.ts"
import { type Containerd, startContainerd } from "../../container-runtime/containerd/start-containerd.ts"
import { stopAllPods } from "../../container-runtime/stop-all-pods.ts"
import { createDnsServer, type DnsServer } from "../../dns/create-dns-server.ts"
import { ensureClusterDns } from "../../dns/cluster-dns-objects.ts"
import { createRealKubelet, type RealKubelet } from "../../kubelet/real/create-real-kubelet.ts"
import type { KubeletServer } from "../../kubelet/server/serve-kubelet.ts"
import type { PodNetworkPort } from "../../kubelet/kubelet-services.ts"
import { createVolumeDirectories } from "../../local-provisioner/real/volume-directories.ts"
import { createPodNetwork } from "../../network/plugin/create-pod-network.ts"
import { createNetworkPolicies, type NetworkPolicies } from "../../network/policy/create-network-policies.ts"
import type { PodNetwork } from "../../network/plugin/pod-network.ts"
import { createProxy } from "../../proxy/create-proxy.ts"
import type { Proxy } from "../../proxy/proxy.ts"
import type { ControlPlane } from "../control-plane.ts"
import { dnsUser, nodeUser, policyUser, proxyUser } from "../identities.ts"
import type { ClusterNode, NodeParts } from "./cluster-node.ts"
import { serveNode } from "./serve-node.ts"

/** What containers get to end by themselves when the whole cluster stops. */
const stopGraceSeconds = 5

/**
 * A node with real containers on this machine: containerd, pod network, kubelet, proxy and DNS. The container runtime
 * starts while the control plane does; the rest follows when the API answers, the network when the node has its pod CIDR.
 */
export async function startNode(parts: NodeParts): Promise<ClusterNode> {
  const { name, networks } = parts
  const commands = createCommands()
  const network = createNodeNetwork(parts, commands)
  const containerd = await startNodeContainerd(parts, network, commands)
  const stop = new AbortController()
  try {
    await network.adopt(await sandboxedPods(containerd))
    const controlPlane = await parts.controlPlane
    const volumes = createVolumeDirectories(join(parts.directory.nodeDirectory(name), "volumes"))
    controlPlane.volumeDirectories.set(name, volumes)
    const policyInformers = controlPlane.informersFor(policyUser)
    const policies = createNetworkPolicies({
      informers: policyInformers,
      nodeName: name,
      prefix: network.prefix,
      dnsServers: [networks.dnsService],
      commands,
      clock: parts.clock,
      log: parts.log.named("network-policies"),
    })
    const guarded = guard(network, policies)
    const kubelet = await createNodeKubelet(parts, { controlPlane, containerd, network: guarded, commands })
    const informers = controlPlane.informersFor(proxyUser)
    const kubeletServer = await serveNode(name, kubelet, controlPlane, parts.log.named("kubelet"))
    kubelet.setPort(kubeletServer.port)
    const proxy = createProxy({
      informers,
      nodeName: name,
      prefix: network.prefix,
      podNetworks: [networks.pods],
      serviceNetworks: [networks.services],
      commands,
      clock: parts.clock,
      log: parts.log.named("proxy"),
    })
    const dnsInformers = controlPlane.informersFor(dnsUser)
    const dns = createDnsServer({ ...parts, informers: dnsInformers, log: parts.log.named("dns") })
    const running = [kubelet.run(stop.signal), proxy.run(stop.signal), policies.run(stop.signal)]
    informers.start(stop.signal)
    dnsInformers.start(stop.signal)
    policyInformers.start(stop.signal)
    const connected = connect(parts, { controlPlane, informers, network, dns, signal: stop.signal })
    return {
      name,
      runtime: "containerd",
      endpoint: containerd.endpoint,
      ready: Promise.all([kubelet.ready, connected, proxy.ready, policies.ready]).then(() => {}),
      async stop() {
        stop.abort()
        await Promise.allSettled([...running, connected])
        await takeDown({ containerd, kubeletServer, kubelet, policies, proxy, dns, network }, parts.log)
      },
    }
  } catch (error) {
    stop.abort()
    await containerd.stop()
    throw error
  }
}

export function createNodeNetwork(
  { name, directory, networks, log }: Pick<NodeParts, "name" | "directory" | "networks" | "log">,
  commands: Commands,
): PodNetwork {
  return createPodNetwork({
    clusterId: `${directory.path}/${name}`,
    directory: join(directory.nodeDirectory(name), "network"),
    clusterCidrs: [networks.pods],
    serviceCidrs: [networks.services],
    dnsServers: [networks.dnsService],
    commands,
    log: log.named("network"),
  })
}

export function startNodeContainerd(
  parts: Pick<NodeParts, "name" | "directory" | "clock" | "random" | "log">,
  network: PodNetwork,
  commands: Commands,
): Promise<Containerd> {
  return startContainerd({
    directory: join(parts.directory.nodeDirectory(parts.name), "containerd"),
    cniConfigDirectory: network.cniConfigDirectory,
    cniBinaryDirectory: network.cniBinaryDirectory,
    clock: parts.clock,
    random: parts.random,
    log: parts.log.named("containerd"),
    commands,
  })
}

/** Unique to this cluster and node on the machine: "/coracle/3f2a91c4/vm". */
export function cgroupParent({ name, directory }: Pick<NodeParts, "name" | "directory">): string {
  return `/coracle/${createHash("sha256").update(directory.path).digest("hex").slice(0, 8)}/${name}`
}

interface KubeletParts {
  readonly controlPlane: ControlPlane
  readonly containerd: Containerd
  readonly network: PodNetworkPort
  readonly commands: Commands
}

/** A pod is told to the policies before it starts: it has no moment in which it may do what they forbid. */
function guard(network: PodNetwork, policies: NetworkPolicies): PodNetworkPort {
  return {
    async prepare(pod) {
      await policies.announce(pod, await network.prepare(pod))
    },
    release: (podUid) => network.release(podUid),
  }
}

function createNodeKubelet(
  parts: NodeParts,
  { controlPlane, containerd, network, commands }: KubeletParts,
): Promise<RealKubelet> {
  const { networks } = parts
  return createRealKubelet({
    node: { name: parts.name, labels: {} },
    client: controlPlane.clientFor(nodeUser(parts.name)),
    clock: parts.clock,
    random: parts.random,
    log: parts.log.named("kubelet"),
    commands,
    runtime: containerd.runtime,
    images: containerd.images,
    network,
    rootDirectory: join(parts.directory.nodeDirectory(parts.name), "kubelet"),
    cgroupParent: cgroupParent(parts),
    dnsServers: [networks.dnsService],
    clusterDomain: networks.clusterDomain,
  })
}

interface ConnectParts {
  readonly controlPlane: ControlPlane
  readonly informers: Informers
  readonly network: PodNetwork
  readonly dns: DnsServer
  readonly signal: AbortSignal
}

/** Once the node has been given its pod CIDR: its network, its DNS, and the API server's address inside the cluster. */
async function connect(
  parts: NodeParts,
  { controlPlane, informers, network, dns, signal }: ConnectParts,
): Promise<void> {
  const { networks } = parts
  const podCidrs = await podCidrsOf(parts.name, informers, signal)
  if (!podCidrs) return
  await network.start(podCidrs)
  const gateway = network.gateways[0]!
  await Promise.all([
    dns.listen([networks.dnsService, gateway]),
    controlPlane.advertise(gateway),
    ensureClusterDns(
      controlPlane.clientFor({ name: "system:apiserver", groups: ["system:masters"], extra: {} }),
      {
        clusterIPs: [networks.dnsService],
        nodeName: parts.name,
        address: gateway,
      },
    ),
  ])
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

async function sandboxedPods({ runtime }: Containerd): Promise<string[]> {
  const sandboxes = await runtime.listPodSandboxes()
  return sandboxes.map(({ metadata }) => metadata.uid)
}

interface TakeDown {
  readonly containerd: Containerd
  readonly kubeletServer: KubeletServer
  readonly kubelet: RealKubelet
  readonly policies: NetworkPolicies
  readonly proxy: Proxy
  readonly dns: DnsServer
  readonly network: PodNetwork
}

/** In this order: what uses something ends before it. A step that fails does not keep the others. */
async function takeDown(
  { containerd, kubeletServer, kubelet, policies, proxy, dns, network }: TakeDown,
  log: Logger,
): Promise<void> {
  const steps: readonly [string, () => Promise<void>][] = [
    ["stop pods", () => stopAllPods(containerd.runtime, stopGraceSeconds)],
    ["close the kubelet's port", () => kubeletServer.close()],
    ["unmount volumes", () => kubelet.close()],
    ["stop containerd", () => containerd.stop()],
    ["stop DNS", () => dns.close()],
    ["remove the rules of policies", () => policies.cleanUp()],
    ["remove the rules for Services", () => proxy.cleanUp()],
    ["remove the pod network", () => network.cleanUp()],
  ]
  for (const [what, step] of steps) {
    await step().catch((error: unknown) => log.error(`cannot ${what}`, { error }))
  }
}
