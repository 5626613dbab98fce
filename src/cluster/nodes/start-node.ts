import { join } from "node:path"
import type { Commands } from "../../base/commands.ts"
import { createCommands } from "../../base/real/commands.ts"
import { takeDown } from "../../base/take-down.ts"
import { type Containerd, startContainerd } from "../../container-runtime/containerd/start-containerd.ts"
import { stopAllPods } from "../../container-runtime/stop-all-pods.ts"
import type { KubeletConfiguration } from "../../kubelet/configuration/kubelet-configuration.ts"
import type { NodeLogPlaces } from "../../kubelet/server/node-logs.ts"
import type { PodNetworkPort } from "../../kubelet/kubelet-services.ts"
import { createRealKubelet, type RealKubelet } from "../../kubelet/real/create-real-kubelet.ts"
import { createVolumeDirectories } from "../../local-provisioner/real/volume-directories.ts"
import type { PodNetwork } from "../../network/plugin/pod-network.ts"
import { writtenFlags } from "../component-facts.ts"
import type { ClusterNode, NodeParts } from "./cluster-node.ts"
import { nodeConfiguration } from "./node-configuration.ts"
import type { NodeControlPlane } from "./node-control-plane.ts"
import { createNetworkAgents, createNodeNetwork, nodeAddresses } from "./node-network.ts"
import { cgroupParent, containerdDirectory, kubeletDirectory } from "./node-places.ts"

/** What containers get to end by themselves when the whole cluster stops. */
const stopGraceSeconds = 5

/**
 * A node with real containers on this machine: containerd, pod network, kubelet, proxy and DNS. The container runtime
 * starts while the control plane does; the rest follows when the API answers, the network when the node has its pod CIDR.
 */
export async function startNode(parts: NodeParts): Promise<ClusterNode> {
  const { name, clock } = parts
  // Before anything is started: a mistake in it is the user's to mend.
  const configuration = nodeConfiguration(parts)
  const commands = createCommands()
  const network = await createNodeNetwork(parts, commands)
  const containerd = await startNodeContainerd(parts, network, commands)
  const stop = new AbortController()
  try {
    await network.adopt(await sandboxedPods(containerd))
    const controlPlane = await parts.controlPlane
    controlPlane.offerVolumes(createVolumeDirectories(join(parts.directory.nodeDirectory(name), "volumes")))
    const agents = createNetworkAgents(parts, { network, controlPlane, commands })
    const kubelet = await createNodeKubelet(
      { ...parts, configuration },
      {
        controlPlane,
        containerd,
        network: agents.guarded,
        commands,
      },
    )
    const kubeletServer = await controlPlane.serveKubelet(kubelet, {
      nodeLogs: nodeLogs(parts),
      flags: kubeletFlags(parts, containerd),
    })
    kubelet.setPort(kubeletServer.port)
    const running = [kubelet.run(stop.signal), agents.run(stop.signal)]
    return {
      name,
      runtime: "containerd",
      endpoint: containerd.endpoint,
      ready: Promise.all([kubelet.ready, agents.ready]).then(() => {}),
      async stop() {
        stop.abort()
        await Promise.allSettled(running)
        await takeDown([
          ["stop pods", () => stopAllPods(containerd.runtime, { graceSeconds: stopGraceSeconds, clock })],
          ["close the kubelet's port", () => kubeletServer.close()],
          ["clear up after the kubelet", () => kubelet.close()],
          ["stop containerd", () => containerd.stop()],
          ...agents.takeDown,
        ]).finally(() => controlPlane.close())
      },
    }
  } catch (error) {
    stop.abort()
    await containerd.stop()
    throw error
  }
}

export function startNodeContainerd(
  parts: Pick<NodeParts, "name" | "directory" | "clock" | "random" | "log">,
  network: Pick<PodNetwork, "cniConfigDirectory" | "cniBinaryDirectory">,
  commands: Commands,
): Promise<Containerd> {
  return startContainerd({
    directory: containerdDirectory(parts),
    cniConfigDirectory: network.cniConfigDirectory,
    cniBinaryDirectory: network.cniBinaryDirectory,
    clock: parts.clock,
    random: parts.random,
    log: parts.log.named("containerd"),
    commands,
  })
}

interface KubeletParts {
  readonly controlPlane: NodeControlPlane
  readonly containerd: Containerd
  readonly network: PodNetworkPort
  readonly commands: Commands
}

function createNodeKubelet(
  parts: NodeParts & { readonly configuration: KubeletConfiguration },
  { controlPlane, containerd, network, commands }: KubeletParts,
): Promise<RealKubelet> {
  const { configuration } = parts
  return createRealKubelet({
    node: {
      name: parts.name,
      labels: {},
      ...(controlPlane.nodeAnnotations && { annotations: controlPlane.nodeAnnotations }),
    },
    client: controlPlane.clientFor("kubelet"),
    clock: parts.clock,
    random: parts.random,
    log: parts.log.named("kubelet"),
    commands,
    runtime: containerd.runtime,
    images: containerd.images,
    network,
    rootDirectory: kubeletDirectory(parts),
    cgroupParent: cgroupParent(parts),
    configuration,
    credentialProviders: parts.credentialProviders,
    nodeIps: nodeAddresses(parts),
  })
}

/** What a kubelet on its own would have been told by flags. */
function kubeletFlags(parts: NodeParts, { endpoint }: Containerd): Record<string, string> {
  return writtenFlags({
    "cgroup-root": cgroupParent(parts),
    config: parts.kubeletConfig,
    "container-runtime-endpoint": endpoint,
    "hostname-override": parts.name,
    "image-credential-provider-bin-dir": parts.credentialProviders?.programs,
    "image-credential-provider-config": parts.credentialProviders?.configuration,
    "node-ip": nodeAddresses(parts).join(","),
    "root-dir": kubeletDirectory(parts),
  })
}

/** The kubelet's log is that of the cluster's process, or of the node's. */
function nodeLogs({ name, directory }: NodeParts): NodeLogPlaces {
  const containerd = join(directory.nodeDirectory(name), "containerd", "containerd.log")
  return { directory: "/var/log", services: { kubelet: directory.logFile, containerd } }
}

async function sandboxedPods({ runtime }: Containerd): Promise<string[]> {
  const sandboxes = await runtime.listPodSandboxes()
  return sandboxes.map(({ metadata }) => metadata.uid)
}
