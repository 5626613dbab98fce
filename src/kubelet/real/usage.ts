import { readFile, statfs } from "node:fs/promises"
import type { FilesystemSpace, InterfaceUsage, NodeUsage } from "../node-host.ts"

const ticksPerSecond = 100
/** The kernel's clock, in which it counts the time of processors. */
export const nanosecondsPerTick = 1e9 / ticksPerSecond

/**
 * What the machine uses, from /proc. `directory` lies on the file system that pods share; `imageDirectory` on that of images,
 * where they have one of their own.
 */
export async function readUsage(
  directory: string,
  imageDirectory: string | undefined,
  nowMs: number,
): Promise<NodeUsage> {
  const text = (path: string) => readFile(path, "utf8").catch(() => "")
  const [stat, memory, interfaces, uptime, load, maxPid, maxThreads, filesystem, imageFilesystem] =
    await Promise.all([
      text("/proc/stat"),
      text("/proc/meminfo"),
      text("/proc/net/dev"),
      text("/proc/uptime"),
      text("/proc/loadavg"),
      text("/proc/sys/kernel/pid_max"),
      text("/proc/sys/kernel/threads-max"),
      filesystemSpace(directory),
      imageDirectory === undefined ? undefined : filesystemSpace(imageDirectory),
    ])
  const kibibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(memory)?.[1] ?? 0) * 1024
  const total = kibibytes("MemTotal")
  const available = kibibytes("MemAvailable")
  return {
    cpuCoreNanoSeconds: busyTicks(stat) * nanosecondsPerTick,
    memoryWorkingSetBytes: total - available,
    memoryUsageBytes: total - kibibytes("MemFree"),
    memoryAvailableBytes: available,
    memoryRssBytes: kibibytes("AnonPages"),
    filesystem,
    ...(imageFilesystem && { imageFilesystem }),
    processes: { running: countTasks(load), max: Math.min(Number(maxPid), Number(maxThreads)) },
    network: interfaceUsage(interfaces),
    bootedAtMs: nowMs - Number(uptime.split(" ")[0] ?? 0) * 1000,
  }
}

/** Threads too: each has an id from the same store. */
function countTasks(loadAverage: string): number {
  return Number(/\/(\d+)/.exec(loadAverage)?.[1] ?? 0)
}

export async function filesystemSpace(directory: string): Promise<FilesystemSpace> {
  const { blocks, bavail, bfree, bsize, files, ffree } = await statfs(directory)
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  }
}

/** Everything but idle and waiting for disks. */
function busyTicks(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(" ").map(Number) ?? []
  return user + nice + system + irq + softirq + steal
}

/** The table of /proc/net/dev, without the loop. */
export function interfaceUsage(table: string): InterfaceUsage[] {
  return table
    .split("\n")
    .slice(2)
    .map((line) => line.trim().split(/[\s:]+/))
    .filter(([name]) => name && name !== "lo")
    .map((fields) => ({
      name: fields[0]!,
      receivedBytes: Number(fields[1]),
      receivedPackets: Number(fields[2]),
      receiveErrors: Number(fields[3]),
      receiveDrops: Number(fields[4]),
      sentBytes: Number(fields[9]),
      sentPackets: Number(fields[10]),
      sendErrors: Number(fields[11]),
      sendDrops: Number(fields[12]),
    }))
}
