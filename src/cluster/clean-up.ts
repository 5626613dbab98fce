import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { createCommands } from "../base/real/commands.ts"
import { realRandom } from "../base/real/random.ts"
import { stopAllPods } from "../container-runtime/stop-all-pods.ts"
import { cleanUpKubelet } from "../kubelet/real/clean-up-kubelet.ts"
import type { DataDirectory } from "./data-directory.ts"
import { ensureNetworks, type Networks } from "./networks.ts"
import { createMachineLink } from "./nodes/machine-nodes.ts"
import { findForeignPlugin } from "./nodes/foreign-plugin-file.ts"
import { findNodeSettings } from "./nodes/node-files.ts"
import { createNodeNetwork } from "./nodes/node-network.ts"
import { cgroupParent, startNodeContainerd } from "./nodes/start-node.ts"

/**
 * Removes from the machine whatever the real nodes of a cluster that is not running have left on it: containers, mounts,
 * interfaces, rules, control groups. Their containerd is started once more for it: nobody else knows its containers.
 */
export async function cleanUpNodes(directory: DataDirectory): Promise<void> {
  const root = join(directory.path, "nodes")
  if (!existsSync(root) || process.getuid?.() !== 0) return
  const networks = await ensureNetworks(directory.path, createCommands())
  for (const name of readdirSync(root)) await cleanUpNode(directory, name, networks)
  // What nodes with networks of their own had there goes with their namespaces.
  await createMachineLink({ directory, networks, log: silentLogger }).cleanUp()
}

export async function cleanUpNode(directory: DataDirectory, name: string, networks: Networks): Promise<void> {
  const commands = createCommands()
  const { ownAddress } = findNodeSettings(directory, name) ?? {}
  const parts = {
    name,
    directory,
    networks,
    ...(ownAddress !== undefined && { ownAddress }),
    ...findForeignPlugin(directory, name),
    clock: realClock,
    random: realRandom,
    log: silentLogger,
  }
  const network = await createNodeNetwork(parts, commands)
  // A node that was stopped in order has no network any more, and no pods.
  if (existsSync(network.directory)) {
    const containerd = await startNodeContainerd(parts, network, commands)
    await stopAllPods(containerd.runtime, 0)
    await containerd.stop()
  }
  await cleanUpKubelet({
    rootDirectory: join(directory.nodeDirectory(name), "kubelet"),
    cgroupParent: cgroupParent(parts),
    commands,
    log: silentLogger,
  })
  await network.cleanUp()
  if (ownAddress !== undefined)
    await createMachineLink({ directory, networks, log: silentLogger }).removeNode(name)
}
