import { join } from "node:path"
import { createCommands } from "../../base/real/commands.ts"
import { takeDown } from "../../base/take-down.ts"
import { createInformers } from "../../client/informers.ts"
import { createVolumeDirectories } from "../../local-provisioner/real/volume-directories.ts"
import { createNodeLink, type NodeLink } from "../../network/node-link/create-node-link.ts"
import { clusterPrefix } from "../../network/interface-names.ts"
import { createOverlay } from "../../network/overlay/create-overlay.ts"
import { createProxy } from "../../proxy/create-proxy.ts"
import type { ControlPlane } from "../control-plane.ts"
import { proxyUser } from "../identities.ts"
import type { ClusterNode, NodeParts } from "./cluster-node.ts"
import { type NodeSettings, writeNodeFiles, writeServingPair } from "./node-files.ts"
import { kubeletFilesOf } from "./kubelet-files.ts"
import { startNodeProcess } from "./node-process.ts"

type MachineNodesParts = Omit<NodeParts, "name" | "controlPlane" | "ownAddresses"> & {
  readonly controlPlane: Promise<ControlPlane>
}

function serverUrl(address: string, port: number): string {
  return `https://${address.includes(":") ? `[${address}]` : address}:${port}`
}

/** Several nodes on this machine: each a process in a network namespace of its own, all on one link. */
export interface MachineNodes {
  addNode(name: string): Promise<ClusterNode>
  /** When all nodes have stopped. */
  stop(): Promise<void>
}

export async function startMachineNodes(parts: MachineNodesParts): Promise<MachineNodes> {
  const { directory, networks, clock, random, log } = parts
  const link = createMachineLink(parts)
  const controlPlane = await parts.controlPlane
  const stop = new AbortController()
  // This machine is no node, and yet a neighbour: it reaches pods and Services, as a control plane's machine does.
  const commands = createCommands()
  const informers = createInformers({ client: controlPlane.clientFor(proxyUser), clock, random, log })
  const common = { informers, nodeName: "", prefix: clusterPrefix(directory.path), commands, clock }
  const proxy = createProxy({
    ...common,
    podNetworks: networks.pods,
    serviceNetworks: networks.services,
    log: log.named("proxy"),
  })
  let running: Promise<void>[] = []
  let routes: ReturnType<typeof createOverlay> | undefined

  /** Once the link is there. */
  async function connectMachine(): Promise<void> {
    routes = createOverlay({
      ...common,
      nodeAddress: link.hostAddresses[0]!,
      podCidrs: [],
      clusterCidrs: networks.pods,
      gateways: link.hostAddresses,
      mode: "host-gw",
      log: log.named("overlay"),
    })
    running = [proxy.run(stop.signal), routes.run(stop.signal)]
    informers.start(stop.signal)
    await controlPlane.advertise(link.hostAddresses[0]!)
  }

  let connected: Promise<void> | undefined
  return {
    async addNode(name) {
      const place = await link.addNode(name)
      await (connected ??= connectMachine())
      giveCredentials(controlPlane, parts, name, {
        server: serverUrl(link.hostAddresses[0]!, controlPlane.port),
        ownAddresses: place.addresses,
        ...kubeletFilesOf(parts),
      })
      // The nodes' directories are this machine's too: their volumes are made from here.
      const volumes = createVolumeDirectories(join(directory.nodeDirectory(name), "volumes"))
      controlPlane.volumeDirectories.set(name, volumes)
      return startNodeProcess({ name, directory, namespacePath: place.namespacePath, clock, log })
    },
    async stop() {
      stop.abort()
      await Promise.allSettled(running)
      await takeDown([
        ["remove the rules for Services", () => proxy.cleanUp()],
        ["remove the routes to pods", async () => routes?.cleanUp()],
        ["remove the link of the nodes", () => link.cleanUp()],
      ])
    },
  }
}

export function createMachineLink({
  directory,
  networks,
  log,
}: Pick<MachineNodesParts, "directory" | "networks" | "log">): NodeLink {
  return createNodeLink({
    clusterId: directory.path,
    networks: networks.nodes,
    serviceCidrs: networks.services,
    commands: createCommands(),
    log: log.named("node-link"),
  })
}

/** The cluster's own process has the authority: it gives its nodes their certificates, and gives them anew in time. */
function giveCredentials(
  { certificates }: ControlPlane,
  { directory }: Pick<MachineNodesParts, "directory">,
  name: string,
  {
    server,
    ...settings
  }: { readonly server: string } & NodeSettings & { readonly ownAddresses: readonly string[] },
): void {
  const give = () => {
    const { client, serving } = certificates.ensureNode(name, settings.ownAddresses)
    const authorityPem = certificates.authority("ca").certificatePem
    writeServingPair(directory, name, serving)
    writeNodeFiles(directory, name, { server, authorityPem, client, settings })
  }
  give()
  certificates.onRenewed((renewed) => {
    if (renewed === `kubelet-${name}` || renewed === `kubelet-client-${name}`) give()
  })
}
