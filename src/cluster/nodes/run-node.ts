import { unwatchFile, watchFile } from "node:fs"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { createCommands } from "../../base/real/commands.ts"
import { issueTemporary } from "../certificates/issue-certificate.ts"
import type { DataDirectory } from "../data-directory.ts"
import { keepCertificates } from "../joining/keep-certificates.ts"
import { ensureNetworks } from "../networks/ensure-networks.ts"
import type { ClusterNode } from "./cluster-node.ts"
import { findForeignPlugin } from "./foreign-plugin-file.ts"
import {
  credentialFile,
  findNodeSettings,
  readConnection,
  readKeyPairs,
  writeNodeFiles,
  writeServingPair,
} from "./node-files.ts"
import { nodeAddresses } from "./node-network.ts"
import { type NodeCredentials, type RemoteControlPlane, remoteControlPlane } from "./remote-control-plane.ts"
import { startNode } from "./start-node.ts"

export interface RunNodeOptions {
  readonly directory: DataDirectory
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** How often it is looked whether the cluster's process has replaced the node's certificates. */
const lookMs = 60_000

/** A node of a cluster whose control plane is elsewhere, by the files that say who it is (node-files.ts). */
export async function runNode(options: RunNodeOptions): Promise<ClusterNode> {
  const { directory, name } = options
  const settings = findNodeSettings(directory, name) ?? {}
  const networks = await ensureNetworks(directory.path, createCommands())
  const controlPlane = remoteControlPlane({
    ...options,
    credentials: await readCredentials(options),
    address: nodeAddresses({ ...settings, networks })[0]!,
  })
  const stop = new AbortController()
  if (!settings.keepsCertificates) followFiles(options, controlPlane, stop.signal)
  const node = await startNode({
    ...options,
    ...settings,
    ...findForeignPlugin(directory, name),
    networks,
    controlPlane: Promise.resolve(controlPlane),
  })
  // What the serving certificate must name is known when the node is.
  if (settings.keepsCertificates)
    void node.ready.then(() => keepOwnCertificates(options, controlPlane, stop.signal))
  return {
    ...node,
    async stop() {
      stop.abort()
      await node.stop()
    },
  }
}

/** Until the cluster has signed one, the kubelet shows a certificate of its own making, which only opens its port. */
async function readCredentials(options: RunNodeOptions): Promise<NodeCredentials> {
  const { directory, name, clock, random } = options
  const { serving } = await readKeyPairs(directory, name)
  return {
    connection: await readConnection(directory, name),
    serving: serving ?? issueTemporary(name, clock.now(), random),
  }
}

function followFiles(options: RunNodeOptions, controlPlane: RemoteControlPlane, signal: AbortSignal): void {
  const { directory, name, log } = options
  const file = credentialFile(directory, name)
  const changed = () => {
    readCredentials(options).then(
      (credentials) => controlPlane.renew(credentials),
      (error: unknown) => log.error("the node's new certificates cannot be read", { error }),
    )
  }
  watchFile(file, { interval: lookMs, persistent: false }, changed)
  signal.addEventListener("abort", () => unwatchFile(file, changed), { once: true })
}

async function keepOwnCertificates(
  options: RunNodeOptions,
  controlPlane: RemoteControlPlane,
  signal: AbortSignal,
): Promise<void> {
  const { directory, name, clock, log } = options
  let pairs = await readKeyPairs(directory, name)
  const renew = async () => controlPlane.renew(await readCredentials(options))
  await keepCertificates(
    {
      nodeName: name,
      client: controlPlane.clientFor("kubelet"),
      current: () => pairs,
      async replaceClient(client) {
        const { server, certificateAuthority = "" } = await readConnection(directory, name)
        const settings = findNodeSettings(directory, name) ?? {}
        writeNodeFiles(directory, name, { server, authorityPem: certificateAuthority, client, settings })
        pairs = { ...pairs, client }
        await renew()
      },
      async replaceServing(serving) {
        writeServingPair(directory, name, serving)
        pairs = { ...pairs, serving }
        await renew()
      },
      clock,
      log,
    },
    signal,
  )
}
