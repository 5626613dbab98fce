import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { GroupUsage } from "../node-host.ts"
import { nanosecondsPerTick } from "./usage.ts"

const root = "/sys/fs/cgroup"

/** What the kernel counts of one control group, version 1 or 2; undefined when it is not there (any more). */
export async function readGroupUsage(path: string, isUnified: boolean): Promise<GroupUsage | undefined> {
  try {
    return isUnified ? await readUnified(path) : await readVersionOne(path)
  } catch {
    return undefined
  }
}

async function readVersionOne(path: string): Promise<GroupUsage> {
  const read = (controller: string, name: string) => readFile(join(root, controller, path, name), "utf8")
  const [usage, split, cpu, memory, memoryUsage, memoryMax, failures, swap, pids] = await Promise.all([
    read("cpuacct", "cpuacct.usage"),
    read("cpuacct", "cpuacct.stat"),
    read("cpu", "cpu.stat"),
    read("memory", "memory.stat"),
    read("memory", "memory.usage_in_bytes"),
    read("memory", "memory.max_usage_in_bytes"),
    read("memory", "memory.failcnt"),
    read("memory", "memory.memsw.usage_in_bytes").catch(() => ""),
    read("pids", "pids.current").catch(() => "0"),
  ])
  const ticks = fields(split)
  const periods = fields(cpu)
  const pages = fields(memory)
  const usageBytes = Number(memoryUsage)
  return {
    cpuNanoSeconds: Number(usage),
    cpuUserNanoSeconds: (ticks["user"] ?? 0) * nanosecondsPerTick,
    cpuSystemNanoSeconds: (ticks["system"] ?? 0) * nanosecondsPerTick,
    periods: periods["nr_periods"] ?? 0,
    throttledPeriods: periods["nr_throttled"] ?? 0,
    throttledNanoSeconds: periods["throttled_time"] ?? 0,
    memoryUsageBytes: usageBytes,
    memoryWorkingSetBytes: Math.max(usageBytes - (pages["total_inactive_file"] ?? 0), 0),
    memoryRssBytes: pages["total_rss"] ?? 0,
    memoryCacheBytes: pages["total_cache"] ?? 0,
    memoryMappedBytes: pages["total_mapped_file"] ?? 0,
    memoryMaxBytes: Number(memoryMax),
    memoryFailures: Number(failures),
    memorySwapBytes: swap === "" ? 0 : Math.max(Number(swap) - usageBytes, 0),
    pageFaults: pages["total_pgfault"] ?? 0,
    majorPageFaults: pages["total_pgmajfault"] ?? 0,
    processes: Number(pids),
  }
}

async function readUnified(path: string): Promise<GroupUsage> {
  const read = (name: string) => readFile(join(root, path, name), "utf8")
  const optional = (name: string) => read(name).catch(() => "0")
  const [cpu, memory, memoryUsage, memoryMax, events, swap, pids] = await Promise.all([
    read("cpu.stat"),
    read("memory.stat"),
    read("memory.current"),
    optional("memory.peak"),
    read("memory.events"),
    optional("memory.swap.current"),
    optional("pids.current"),
  ])
  const time = fields(cpu)
  const pages = fields(memory)
  const usageBytes = Number(memoryUsage)
  const nanoseconds = (name: string) => (time[name] ?? 0) * 1000
  return {
    cpuNanoSeconds: nanoseconds("usage_usec"),
    cpuUserNanoSeconds: nanoseconds("user_usec"),
    cpuSystemNanoSeconds: nanoseconds("system_usec"),
    periods: time["nr_periods"] ?? 0,
    throttledPeriods: time["nr_throttled"] ?? 0,
    throttledNanoSeconds: nanoseconds("throttled_usec"),
    memoryUsageBytes: usageBytes,
    memoryWorkingSetBytes: Math.max(usageBytes - (pages["inactive_file"] ?? 0), 0),
    memoryRssBytes: pages["anon"] ?? 0,
    memoryCacheBytes: pages["file"] ?? 0,
    memoryMappedBytes: pages["file_mapped"] ?? 0,
    memoryMaxBytes: Number(memoryMax),
    memoryFailures: fields(events)["max"] ?? 0,
    memorySwapBytes: Number(swap),
    pageFaults: pages["pgfault"] ?? 0,
    majorPageFaults: pages["pgmajfault"] ?? 0,
    processes: Number(pids),
  }
}

/** A process of the group or of one below it; undefined when there is none. */
export async function findProcess(path: string, isUnified: boolean): Promise<number | undefined> {
  const tree = isUnified ? root : join(root, "pids")
  const groups = [path, ...(await childGroups(join(tree, path))).map((name) => join(path, name))]
  for (const group of groups) {
    const pid = Number.parseInt(await readFile(join(tree, group, "cgroup.procs"), "utf8").catch(() => ""), 10)
    if (pid > 0) return pid
  }
  return undefined
}

async function childGroups(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** Lines as "name 123". */
function fields(text: string): Record<string, number> {
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
      .map(([name, value]) => [name!, Number(value)] as const),
  )
}
