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
import { cgroupParent, createNodeNetwork, startNodeContainerd } from "./nodes/start-node.ts"

/**
 * Removes from the machine whatever the real nodes of a cluster that is not running have left on it: containers, mounts,
 * interfaces, rules, control groups. Their containerd is started once more for it: nobody else knows its containers.
 */
export async function cleanUpNodes(directory: DataDirectory): Promise<void> {
  const root = join(directory.path, "nodes")
  if (!existsSync(root) || process.getuid?.() !== 0) return
  const networks = await ensureNetworks(directory.path, createCommands())
  for (const name of readdirSync(root)) await cleanUpNode(directory, name, networks)
}

async function cleanUpNode(directory: DataDirectory, name: string, networks: Networks): Promise<void> {
  const commands = createCommands()
  const parts = { name, directory, networks, clock: realClock, random: realRandom, log: silentLogger }
  const network = createNodeNetwork(parts, commands)
  const containerd = await startNodeContainerd(parts, network, commands)
  await stopAllPods(containerd.runtime, 0)
  await containerd.stop()
  await cleanUpKubelet({
    rootDirectory: join(directory.nodeDirectory(name), "kubelet"),
    cgroupParent: cgroupParent(parts),
    commands,
    log: silentLogger,
  })
  await network.cleanUp()
}
