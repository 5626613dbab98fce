import { unwatchFile, watchFile } from "node:fs"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { createCommands } from "../../base/real/commands.ts"
import type { DataDirectory } from "../data-directory.ts"
import { ensureNetworks } from "../networks.ts"
import type { ClusterNode } from "./cluster-node.ts"
import { credentialFile, readCredentials, findNodeSettings } from "./node-files.ts"
import { nodeAddress } from "./node-network.ts"
import { remoteControlPlane } from "./remote-control-plane.ts"
import { startNode } from "./start-node.ts"

export interface RunNodeOptions {
  readonly directory: DataDirectory
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** How often it is looked whether the node's certificates were replaced: by its cluster's process, or by itself. */
const lookMs = 60_000

/** A node of a cluster whose control plane is elsewhere, by the files that say who it is (node-files.ts). */
export async function runNode(options: RunNodeOptions): Promise<ClusterNode> {
  const { directory, name, log } = options
  const settings = findNodeSettings(directory, name) ?? {}
  const networks = await ensureNetworks(directory.path, createCommands())
  const controlPlane = remoteControlPlane({
    ...options,
    credentials: await readCredentials(directory, name),
    address: nodeAddress(settings),
  })
  const stopLooking = onChange(credentialFile(directory, name), () => {
    readCredentials(directory, name).then(
      (credentials) => controlPlane.renew(credentials),
      (error: unknown) => log.error("the node's new certificates cannot be read", { error }),
    )
  })
  const node = await startNode({
    ...options,
    ...settings,
    networks,
    controlPlane: Promise.resolve(controlPlane),
  })
  return {
    ...node,
    async stop() {
      stopLooking()
      await node.stop()
    },
  }
}

function onChange(file: string, changed: () => void): () => void {
  watchFile(file, { interval: lookMs, persistent: false }, changed)
  return () => unwatchFile(file, changed)
}
