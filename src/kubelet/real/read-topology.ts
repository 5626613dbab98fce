import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseCpuSet, sorted } from "../resource-managers/cpu-set.ts"
import type { MachineTopology, NumaNode, Processor } from "../resource-managers/machine-topology.ts"

/** How processors and memory lie in this machine, as the kernel tells below `directory`. */
export async function readTopology(directory = "/sys/devices/system"): Promise<MachineTopology> {
  const text = (...path: string[]) => readFile(join(directory, ...path), "utf8").then((found) => found.trim())
  const numaNodes = await readNodes(directory, text)
  const online = parseCpuSet(await text("cpu/online"))
  const processors = await Promise.all(
    sorted(online).map(async (id): Promise<Processor> => {
      const at = (...path: string[]) => text("cpu", `cpu${id}`, ...path)
      const siblings = await at("topology/thread_siblings_list").catch(() => String(id))
      const socket = Number(await at("topology/physical_package_id").catch(() => "0"))
      const numaNode = numaNodes.find(({ cpus }) => cpus.has(id))?.id ?? 0
      return {
        id,
        // Cores of different sockets have the same number there: the first of the threads is told apart.
        core: sorted(parseCpuSet(siblings))[0] ?? id,
        socket: Math.max(socket, 0),
        numaNode,
        uncoreCache: await lastCache(at).catch(() => numaNode),
      }
    }),
  )
  return { processors, numaNodes }
}

type ReadText = (...path: string[]) => Promise<string>

/** Named by the first of the processors that share it: ids are told on few machines. */
async function lastCache(at: ReadText): Promise<number> {
  return sorted(parseCpuSet(await at("cache/index3/shared_cpu_list")))[0]!
}

async function readNodes(
  directory: string,
  text: ReadText,
): Promise<(NumaNode & { cpus: ReadonlySet<number> })[]> {
  const names = await readdir(join(directory, "node")).catch(() => [])
  const ids = names.flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  // A kernel without NUMA has one node, whatever it says of it.
  if (ids.length === 0) return [await onlyNode(text)]
  return Promise.all(
    sorted(ids).map(async (id) => {
      const at = (...path: string[]) => text("node", `node${id}`, ...path)
      const distances = await at("distance").catch(() => "10")
      return {
        id,
        cpus: parseCpuSet(await at("cpulist")),
        memoryBytes: memoryOf(await at("meminfo")),
        hugePages: {
          "hugepages-1Gi": await hugePages(at, 1 << 20),
          "hugepages-2Mi": await hugePages(at, 2 << 10),
        },
        distances: distances.split(/\s+/).map(Number),
      }
    }),
  )
}

async function onlyNode(text: ReadText): Promise<NumaNode & { cpus: ReadonlySet<number> }> {
  const meminfo = await readFile("/proc/meminfo", "utf8")
  return {
    id: 0,
    cpus: parseCpuSet(await text("cpu/online")),
    memoryBytes: memoryOf(meminfo),
    hugePages: {},
    distances: [10],
  }
}

async function hugePages(at: ReadText, kibibytes: number): Promise<number> {
  const count = await at(`hugepages/hugepages-${kibibytes}kB/nr_hugepages`).catch(() => "0")
  return Number(count) * kibibytes * 1024
}

function memoryOf(meminfo: string): number {
  return Number(/MemTotal:\s+(\d+)/.exec(meminfo)?.[1] ?? 0) * 1024
}
