import { isNodeReady } from "../../api/core/v1/is-node-ready.ts"
import { Node } from "../../api/core/v1/node.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Clock } from "../../base/clock.ts"
import { createClient } from "../../client/create-client.ts"
import type { Connection } from "../../client/real/connection.ts"
import { createHttpsTransport } from "../../client/real/https-transport.ts"
import { createCommands } from "../../base/real/commands.ts"
import { findRouterBetween } from "../../network/overlay/find-router-between.ts"
import type { DataDirectory } from "../data-directory.ts"
import { rememberNetworks } from "../networks/ensure-networks.ts"
import { type NodeSettings, writeNodeFiles } from "../nodes/node-files.ts"
import { refuseOtherFamilies } from "../nodes/refuse-other-families.ts"
import { type BootstrapToken, formatToken } from "./bootstrap-token.ts"
import { discoverAuthority } from "./discover-cluster.ts"
import { readNetworks } from "./publish-cluster-info.ts"
import { requestCertificate } from "./request-certificate.ts"

export interface JoinOptions {
  readonly server: string
  readonly token: BootstrapToken
  readonly authorityHashes: readonly string[]
  readonly nodeName: string
  readonly directory: DataDirectory
  /** What the node is told of itself. */
  readonly settings: NodeSettings
  readonly clock: Clock
}

/** As long as kubeadm waits. */
const approvalMs = 5 * 60_000

/** Makes this machine known to the cluster: afterwards its directory holds what `runNode` needs. */
export async function joinCluster(options: JoinOptions): Promise<void> {
  const { server, token, nodeName, directory, clock } = options
  const authorityPem = await discoverAuthority(options)
  const known = { server, certificateAuthority: authorityPem }
  const client = await withConnection({ ...known, token: formatToken(token) }, clock, async (api) => {
    await refuseTakenName(api, nodeName)
    const wanted = { signerName: "kubernetes.io/kube-apiserver-client-kubelet", nodeName } as const
    return requestCertificate(api, clock, wanted, approvalMs)
  })
  const asNode = { ...known, clientCertificate: client.certificatePem, clientKey: client.keyPem }
  const networks = await withConnection(asNode, clock, async (api) => {
    const found = await readNetworks(api)
    if (options.settings.nodeIps) refuseOtherFamilies(options.settings.nodeIps, found)
    if (found.backend === "host-gw") await refuseFarNodes(api)
    return found
  })
  rememberNetworks(directory.path, networks)
  const settings = { ...options.settings, keepsCertificates: true }
  writeNodeFiles(directory, nodeName, { server, authorityPem, client, settings })
}

async function refuseTakenName(client: ReturnType<typeof createClient>, name: string): Promise<void> {
  const node = await client.get(Node, { name }).catch(ignoreNotFound)
  if (node && isNodeReady(node))
    throw new Error(
      `a Node with name "${name}" and status "Ready" already exists in the cluster: delete it, or join under another name (--name)`,
    )
}

/** Plain routes lead to other nodes' pods only where each node reaches each without a router between them. */
async function refuseFarNodes(client: ReturnType<typeof createClient>): Promise<void> {
  const { items } = await client.list(Node)
  const router = await findRouterBetween(items, createCommands())
  if (router)
    throw new Error(
      `this cluster connects pods by plain routes (host-gw), which needs all nodes on one link: node ${router.node} (${router.address}) is behind ${router.via}`,
    )
}

async function withConnection<T>(
  connection: Connection,
  clock: Clock,
  work: (client: ReturnType<typeof createClient>) => Promise<T>,
): Promise<T> {
  const transport = createHttpsTransport(connection, { clock })
  try {
    return await work(createClient(transport, { userAgent: "coracle" }))
  } finally {
    transport.close()
  }
}
