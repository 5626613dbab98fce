import { quote } from "../../base/quote.ts"
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { clampShares, sharesToWeight, weightToShares } from "../containers/cpu-weight.ts"
import { hugePageSizes } from "../containers/huge-pages.ts"
import { cpuShares } from "../containers/linux-resources.ts"
import { type GroupLimits, podGroupLimits, type PodGroupSettings } from "../containers/pod-group-limits.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { NodeUsage, PodCgroups } from "../node-host.ts"
import type { PodsLimit } from "../node/plan-node-resources.ts"
import { planReservedGroups } from "../node/plan-reserved-groups.ts"
import { isUnified } from "./cgroup-version.ts"
import { readGroupUsage } from "./group-usage.ts"
import { limitHugePages } from "./limit-huge-pages.ts"
import { qosClassOf } from "../status/qos-class.ts"
import { removeGroups } from "./remove-groups.ts"

const root = "/sys/fs/cgroup"

/** The directories of a group, one per tree that has it: "/coracle/3f2a". */
export async function findGroupDirectories(path: string): Promise<string[]> {
  const directories = (await findTrees()).map(({ directory }) => join(directory, path))
  const found = await Promise.all(directories.map((directory) => stat(directory).catch(() => undefined)))
  return directories.filter((_, index) => found[index])
}

type CgroupSettings = PodGroupSettings &
  Pick<
    KubeletConfiguration,
    | "enforceNodeAllocatable"
    | "kubeReserved"
    | "systemReserved"
    | "kubeReservedCgroup"
    | "systemReservedCgroup"
  >

export interface RealCgroupsOptions {
  /** This node's own, so that nodes and clusters on one machine do not meet: "/coracle/3f2a/node-1". */
  readonly parent: string
  /** @default upstream's */
  readonly configuration?: CgroupSettings
  readonly clock: Clock
  readonly log: Logger
}

/**
 * One control group per pod, where upstream has it: guaranteed pods right below `kubepods`, the others in a group per
 * class, so that the classes are weighed against each other as wholes:
 *
 *     <parent>/kubepods/pod<uid>   <parent>/kubepods/burstable/pod<uid>   <parent>/kubepods/besteffort/pod<uid>
 *
 * Containers' groups are the runtime's, below these. Version 1 has one tree per controller, version 2 one for all.
 */
export class RealCgroups implements PodCgroups {
  readonly #options: RealCgroupsOptions
  #trees: Promise<readonly Tree[]> | undefined
  #podsLimit: PodsLimit | undefined
  readonly #configuration: CgroupSettings

  constructor(options: RealCgroupsOptions) {
    this.#options = options
    this.#configuration = options.configuration ?? defaultConfiguration()
  }

  async ensure(pod: Pod): Promise<string> {
    const path = this.pathOf(pod)
    try {
      await this.update(pod)
      return path
    } catch (error) {
      this.#options.log.warn("no control group for the pod: its limits hold for each container alone", {
        path,
        error,
      })
      return ""
    }
  }

  async update(pod: Pod): Promise<void> {
    const limits = podGroupLimits(pod, this.#configuration)
    for (const tree of await this.#findTrees()) await tree.ensure(this.pathOf(pod), limits)
    await this.#weigh(classDirectory(pod))
  }

  async holdPods(limit: PodsLimit): Promise<void> {
    this.#podsLimit = limit
    for (const tree of await this.#findTrees()) await tree.ensure(this.#kubepods(), groupLimits(limit))
    await this.#holdReserved()
  }

  /** What all pods together use of what they are held to; undefined before they are. */
  async podsUsage(): Promise<NodeUsage["pods"]> {
    if (!this.#podsLimit) return undefined
    const usage = await readGroupUsage(this.#kubepods(), await isUnified())
    return (
      usage && {
        memoryLimitBytes: this.#podsLimit.memoryBytes,
        memoryWorkingSetBytes: usage.memoryWorkingSetBytes,
      }
    )
  }

  /** Groups that others have made for the system's and Kubernetes' own processes. Throws in upstream's words. */
  async #holdReserved(): Promise<void> {
    for (const { title, group, limits } of planReservedGroups(this.#configuration)) {
      try {
        for (const tree of await this.#findTrees()) await tree.hold(group, limits)
      } catch (error) {
        const why = (error as Error).message
        throw new Error(`Failed to enforce ${title} Cgroup Limits on ${quote(group)}: ${why}`, {
          cause: error,
        })
      }
    }
  }

  /** A class weighs as much as its pods together, so that many small ones are not worth less than one big one. */
  async #weigh(directory: string): Promise<void> {
    if (directory === "") return
    for (const tree of await this.#findTrees()) await tree.weigh(join(this.#kubepods(), directory))
  }

  /** The name of the pod's group, whether it is there or not. */
  pathOf(pod: Pod): string {
    return join(this.#kubepods(), classDirectory(pod), `pod${pod.metadata.uid}`)
  }

  /** What still runs in it is killed: nothing of a pod may run when its group goes. */
  async remove(podUid: string): Promise<void> {
    await this.#removeEverywhere(
      classes.map((directory) => join(this.#kubepods(), directory, `pod${podUid}`)),
    )
    await Promise.all(classes.map((directory) => this.#weigh(directory)))
  }

  async listPods(): Promise<readonly string[]> {
    const uids = new Set<string>()
    for (const { directory } of await this.#findTrees()) {
      for (const each of classes) {
        const names = await readdir(join(directory, this.#kubepods(), each)).catch(() => [])
        for (const name of names) if (name.startsWith("pod")) uids.add(name.slice(3))
      }
    }
    return [...uids]
  }

  /** Removes this node's whole tree, and what still runs in it. */
  async close(): Promise<void> {
    const { parent } = this.#options
    // What is not below a parent of the node's own is not the node's.
    await this.#removeEverywhere([parent === "/" ? this.#kubepods() : parent])
    // The parents are shared with other nodes: they go with the last of them.
    const parts = this.#options.parent.split("/").filter(Boolean)
    for (let depth = parts.length - 1; depth > 0; depth--) {
      for (const { directory } of await this.#findTrees())
        await rmdir(join(directory, ...parts.slice(0, depth))).catch(() => {})
    }
  }

  async #removeEverywhere(paths: readonly string[]): Promise<void> {
    const trees = await this.#findTrees()
    const groups = trees.flatMap(({ directory }) => paths.map((path) => join(directory, path)))
    await removeGroups(groups, this.#options.clock)
  }

  #kubepods(): string {
    return join(this.#options.parent, "kubepods")
  }

  #findTrees(): Promise<readonly Tree[]> {
    this.#trees ??= findTrees()
    return this.#trees
  }
}

const classes = ["", "burstable", "besteffort"]

function classDirectory(pod: Pod): string {
  const qosClass = qosClassOf(pod)
  return qosClass === "Guaranteed" ? "" : qosClass === "Burstable" ? "burstable" : "besteffort"
}

function groupLimits({ milliCpu, memoryBytes, processes, hugePages }: PodsLimit): GroupLimits {
  return { cpuShares: cpuShares(milliCpu), memoryBytes, processes, hugePages: hugePageSizes(hugePages) }
}

interface Tree {
  readonly directory: string
  ensure(path: string, limits: GroupLimits): Promise<void>
  /** Limits a group that somebody else has made; what is not said is left as it is. Throws when it is not there. */
  hold(path: string, limits: Partial<GroupLimits>): Promise<void>
  /** Gives a group the weight of those right below it, as far as this tree weighs. */
  weigh(path: string): Promise<void>
}

async function findTrees(): Promise<readonly Tree[]> {
  if (await isUnified()) return [unifiedTree()]
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  // Links are second names of trees ("cpu,cpuacct"); "unified" is version 2 beside them, without controllers.
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => versionOneTree(name))
}

function versionOneTree(controller: string): Tree {
  const directory = join(root, controller)
  return {
    directory,
    async ensure(path, { cpuShares: shares, cpuQuota: quota, cpuPeriod, memoryBytes, processes, hugePages }) {
      const group = join(directory, path)
      await mkdir(group, { recursive: true })
      if (controller === "cpu") {
        await writeFile(join(group, "cpu.shares"), String(shares))
        // The new quota may be too much for the old period, or the other way round.
        await writeFile(join(group, "cpu.cfs_quota_us"), "-1")
        await writeFile(join(group, "cpu.cfs_period_us"), String(cpuPeriod ?? 100_000))
        if (quota !== undefined) await writeFile(join(group, "cpu.cfs_quota_us"), String(quota))
      }
      if (controller === "memory")
        await writeFile(join(group, "memory.limit_in_bytes"), String(memoryBytes ?? -1))
      if (controller === "pids") await writeFile(join(group, "pids.max"), String(processes ?? "max"))
      if (controller === "cpuset") await inheritCpuset(directory, path)
      if (controller === "hugetlb") await limitHugePages(group, hugePages)
    },
    async hold(path, { cpuShares: shares, memoryBytes, processes }) {
      const group = join(directory, path)
      if (controller === "cpu" && shares !== undefined)
        await writeFile(join(group, "cpu.shares"), String(shares))
      if (controller === "memory" && memoryBytes !== undefined)
        await writeFile(join(group, "memory.limit_in_bytes"), String(memoryBytes))
      if (controller === "pids" && processes !== undefined)
        await writeFile(join(group, "pids.max"), String(processes))
    },
    async weigh(path) {
      if (controller === "cpu") await weigh(join(directory, path), sharesFile)
    },
  }
}

/** Where a tree keeps what a group is worth, and how it counts it. */
interface SharesFile {
  readonly name: string
  toShares(value: number): number
  fromShares(shares: number): number
}

const sharesFile: SharesFile = {
  name: "cpu.shares",
  toShares: (value) => value,
  fromShares: clampShares,
}

const weightFile: SharesFile = { name: "cpu.weight", toShares: weightToShares, fromShares: sharesToWeight }

/** Those who ask for nothing are worth the least, however many they are. */
async function weigh(group: string, { name, toShares, fromShares }: SharesFile): Promise<void> {
  const pods = (await readdir(group).catch(() => [])).filter((entry) => entry.startsWith("pod"))
  let sum = 0
  for (const pod of group.endsWith("besteffort") ? [] : pods)
    sum += toShares(Number(await readFile(join(group, pod, name), "utf8").catch(() => "0")))
  await writeFile(join(group, name), String(fromShares(sum))).catch(ignoreMissing)
}

/** In version 1 a new cpuset is empty and no process can enter it until it is told what its parent has. */
async function inheritCpuset(directory: string, path: string): Promise<void> {
  const steps = path.split("/").filter(Boolean)
  for (let depth = 1; depth <= steps.length; depth++) {
    const group = join(directory, ...steps.slice(0, depth))
    for (const name of ["cpuset.cpus", "cpuset.mems"]) {
      const own = (await readFile(join(group, name), "utf8")).trim()
      if (own !== "") continue
      await writeFile(join(group, name), await readFile(join(group, "..", name), "utf8"))
    }
  }
}

const wantedControllers = ["cpu", "memory", "pids", "cpuset", "io", "hugetlb"]

function unifiedTree(): Tree {
  return {
    directory: root,
    async ensure(path, { cpuShares: shares, cpuQuota: quota, cpuPeriod, memoryBytes, processes, hugePages }) {
      const steps = path.split("/").filter(Boolean)
      for (let depth = 0; depth < steps.length; depth++) {
        const parent = join(root, ...steps.slice(0, depth))
        const available = (await readFile(join(parent, "cgroup.controllers"), "utf8")).trim().split(" ")
        const enable = wantedControllers.filter((name) => available.includes(name)).map((name) => `+${name}`)
        await writeFile(join(parent, "cgroup.subtree_control"), enable.join(" "))
        await mkdir(join(parent, steps[depth]!), { recursive: true })
      }
      const group = join(root, path)
      await writeFile(join(group, "cpu.weight"), String(sharesToWeight(shares)))
      await writeFile(join(group, "cpu.max"), `${quota ?? "max"} ${cpuPeriod ?? 100_000}`)
      await writeFile(join(group, "memory.max"), String(memoryBytes ?? "max"))
      await writeFile(join(group, "pids.max"), String(processes ?? "max")).catch(ignoreMissing)
      await limitHugePages(group, hugePages)
    },
    async hold(path, { cpuShares: shares, memoryBytes, processes }) {
      const group = join(root, path)
      if (shares !== undefined) await writeFile(join(group, "cpu.weight"), String(sharesToWeight(shares)))
      if (memoryBytes !== undefined) await writeFile(join(group, "memory.max"), String(memoryBytes))
      if (processes !== undefined) await writeFile(join(group, "pids.max"), String(processes))
    },
    weigh: (path) => weigh(join(root, path), weightFile),
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error
}
