import { readFile } from "node:fs/promises"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { isUnified } from "./cgroup-version.ts"

type Settings = Pick<KubeletConfiguration, "failSwapOn" | "failCgroupV1" | "singleProcessOOMKill">

/** Throws, in upstream's words, where the configuration does not want a kubelet on a machine like this. */
export async function refuseMachine({
  failSwapOn,
  failCgroupV1,
  singleProcessOOMKill,
}: Settings): Promise<void> {
  if (failSwapOn && (await hasSwap()))
    throw new Error(
      "running with swap on is not supported, please disable swap or set --fail-swap-on flag to false",
    )
  if (failCgroupV1 && !(await isUnified()))
    throw new Error(
      "kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release",
    )
  if (singleProcessOOMKill === false && !(await isUnified()))
    throw new Error(
      "invalid configuration: singleProcessOOMKill must not be explicitly set to false when using cgroup v1",
    )
}

/** The first line of the table is its heading. Memory that is compressed in place (zram) or a tmpfs counts as well. */
async function hasSwap(): Promise<boolean> {
  const table = await readFile("/proc/swaps", "utf8").catch(() => "")
  return table.trim().split("\n").length > 1
}
