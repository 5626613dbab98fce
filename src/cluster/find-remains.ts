import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { mountsBelow } from "../base/real/mount-table.ts"
import { findContainerdProcesses } from "../container-runtime/containerd/start-containerd.ts"
import { findGroupDirectories } from "../kubelet/real/cgroups.ts"
import type { DataDirectory } from "./data-directory.ts"
import { clusterCgroup, containerdDirectory } from "./nodes/node-places.ts"

/**
 * What of a cluster that does not run is still on this machine, each in a few words: control groups, mounts, processes.
 * Nothing, after an orderly end. Disks that people have mounted below the data directory are not meant.
 */
export async function findRemains(directory: DataDirectory): Promise<readonly string[]> {
  const root = join(directory.path, "nodes")
  const names = existsSync(root) ? readdirSync(root) : []
  const perNode = await Promise.all(names.map((name) => remainsOfNode(directory, name)))
  const groups = await findGroupDirectories(clusterCgroup(directory))
  return [...groups.map((path) => `control group ${path}`), ...perNode.flat()]
}

async function remainsOfNode(directory: DataDirectory, name: string): Promise<readonly string[]> {
  const node = directory.nodeDirectory(name)
  const state = join(containerdDirectory({ directory, name }), "state")
  const ofContainers = (await mountsBelow(state)).filter((point) => point !== state)
  const mounts = [...(await mountsBelow(join(node, "kubelet"))), ...ofContainers]
  const processes = await findContainerdProcesses(containerdDirectory({ directory, name }))
  return [
    ...mounts.map((point) => `mount ${point}`),
    ...processes.map((pid) => `process ${pid} (${nameOf(pid)})`),
  ]
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim()
  } catch {
    return "just ended"
  }
}
