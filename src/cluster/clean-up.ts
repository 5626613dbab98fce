import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { createCommands } from "../base/real/commands.ts"
import { realRandom } from "../base/real/random.ts"
import type { Commands } from "../base/commands.ts"
import { takeDown, type TakeDownStep } from "../base/take-down.ts"
import { findContainerdProcesses } from "../container-runtime/containerd/start-containerd.ts"
import { stopAllPods } from "../container-runtime/stop-all-pods.ts"
import { cleanUpKubelet } from "../kubelet/real/clean-up-kubelet.ts"
import type { DataDirectory } from "./data-directory.ts"
import { ensureNetworks } from "./networks/ensure-networks.ts"
import type { Networks } from "./networks/networks.ts"
import { createMachineLink } from "./nodes/machine-nodes.ts"
import { findForeignPlugin } from "./nodes/foreign-plugin-file.ts"
import { findNodeSettings } from "./nodes/node-files.ts"
import { createNodeNetwork } from "./nodes/node-network.ts"
import { cgroupParent, containerdDirectory } from "./nodes/node-places.ts"
import { startNodeContainerd } from "./nodes/start-node.ts"
import { findRemains } from "./find-remains.ts"
import type { PodNetwork } from "../network/plugin/pod-network.ts"

/**
 * Removes from the machine whatever the real nodes of a cluster that is not running have left on it: containers, mounts,
 * interfaces, rules, control groups. Their containerd is started once more for it: nobody else knows its containers.
 * What cannot be removed keeps nothing else; the error says what remains.
 */
export async function cleanUpNodes(directory: DataDirectory): Promise<void> {
  const root = join(directory.path, "nodes")
  if (!existsSync(root) || process.getuid?.() !== 0) return
  const networks = await ensureNetworks(directory.path, createCommands())
  const nodes = readdirSync(root).map(
    (name): TakeDownStep => [`clear up node ${name}`, () => cleanUpNode(directory, name, networks)],
  )
  await takeDown([
    ...nodes,
    // What nodes with networks of their own had there goes with their namespaces.
    ["remove the link", () => createMachineLink({ directory, networks, log: silentLogger }).cleanUp()],
    ["clear the machine", () => expectNoRemains(directory)],
  ])
}

async function expectNoRemains(directory: DataDirectory): Promise<void> {
  const remains = await findRemains(directory)
  if (remains.length > 0) throw new Error(`this remains on the machine: ${remains.join(", ")}`)
}

export async function cleanUpNode(directory: DataDirectory, name: string, networks: Networks): Promise<void> {
  const commands = createCommands()
  const { ownAddresses } = findNodeSettings(directory, name) ?? {}
  const parts = {
    name,
    directory,
    networks,
    ...(ownAddresses && { ownAddresses }),
    ...findForeignPlugin(directory, name),
    clock: realClock,
    random: realRandom,
    log: silentLogger,
  }
  const network = await createNodeNetwork(parts, commands)
  await takeDown([
    ["stop pods", () => stopPods(parts, network, commands)],
    [
      "clear up after the kubelet",
      () =>
        cleanUpKubelet({
          ...parts,
          rootDirectory: join(directory.nodeDirectory(name), "kubelet"),
          cgroupParent: cgroupParent(parts),
          commands,
        }),
    ],
    ["remove the pod network", () => network.cleanUp()],
    [
      "remove the node's network namespace",
      async () => {
        if (ownAddresses) await createMachineLink(parts).removeNode(name)
      },
    ],
  ])
}

/** A node that was stopped in order has no network any more, and no pods: nothing has to be started for it. */
async function stopPods(
  parts: Parameters<typeof startNodeContainerd>[0],
  network: PodNetwork,
  commands: Commands,
): Promise<void> {
  const processes = await findContainerdProcesses(containerdDirectory(parts))
  if (processes.length === 0 && !existsSync(network.directory)) return
  const containerd = await startNodeContainerd(parts, network, commands)
  try {
    await stopAllPods(containerd.runtime, { graceSeconds: 0, clock: parts.clock })
  } finally {
    await containerd.stop()
  }
}
