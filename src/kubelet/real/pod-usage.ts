import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { PodUsage } from "../node-host.ts"
import type { RealCgroups } from "./cgroups.ts"
import { isUnified } from "./cgroup-version.ts"
import { findProcess, readGroupUsage } from "./group-usage.ts"
import { interfaceUsage } from "./usage.ts"

/** What the kernel tells of one pod: of its control groups and its network. */
export async function readPodUsage(
  cgroups: RealCgroups,
  pod: Pod,
  containerIds: readonly string[],
): Promise<PodUsage> {
  const path = cgroups.pathOf(pod)
  const unified = await isUnified()
  const [group, network, ...containers] = await Promise.all([
    readGroupUsage(path, unified),
    pod.spec.hostNetwork ? [] : readNetwork(path, unified),
    ...containerIds.map((id) => readGroupUsage(join(path, id), unified)),
  ])
  return {
    path,
    ...(group && { group }),
    containers: new Map(
      containerIds.flatMap((id, index) => {
        const usage = containers[index]
        return usage ? [[id, usage] as const] : []
      }),
    ),
    network,
  }
}

/** Any process of the pod sees the pod's network. */
async function readNetwork(path: string, isUnified: boolean): Promise<PodUsage["network"]> {
  const pid = await findProcess(path, isUnified)
  const table = pid === undefined ? "" : await readFile(`/proc/${pid}/net/dev`, "utf8").catch(() => "")
  return interfaceUsage(table)
}
