import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { ClusterUnderSoak } from "../cluster-under-soak.ts"
import { readText } from "../machine.ts"
import { fitLine, type LinearFit } from "./linear-fit.ts"

export interface MemorySample {
  readonly process: string
  readonly pid: number
  readonly atMinutes: number
  readonly rssMiB: number
  /** After garbage collection, with what buffers hold beside the heap; undefined of processes that are not ours. */
  readonly heapMiB?: number
  readonly openFiles: number
}

const mebibyte = 1 << 20

/** What every process of the cluster uses now. */
export async function sampleMemory(cluster: ClusterUnderSoak, atMinutes: number): Promise<MemorySample[]> {
  const ours = [
    { process: "control plane", pid: cluster.controlPlanePid },
    ...cluster.nodes.map((node) => ({ process: node, pid: cluster.findNodePid(node) })),
  ]
  const theirs = cluster.nodes.map((node) => ({
    process: `containerd ${node}`,
    pid: cluster.findContainerdPid(node),
  }))
  const samples: MemorySample[] = []
  for (const { process, pid } of ours) {
    const probe = pid && (await askProbe(cluster.probes, pid))
    if (!probe) continue
    samples.push({
      process,
      pid,
      atMinutes,
      rssMiB: probe.rss / mebibyte,
      heapMiB: (probe.heapUsed + probe.external) / mebibyte,
      openFiles: probe.openFiles,
    })
  }
  for (const { process, pid } of theirs) {
    const resident = Number(/^VmRSS:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0)
    if (pid && resident) samples.push({ process, pid, atMinutes, rssMiB: resident / 1024, openFiles: 0 })
  }
  return samples
}

interface Probe {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  readonly openFiles: number
}

/** Undefined when the process is not there, or has not yet learned to answer. */
async function askProbe(directory: string, pid: number): Promise<Probe | undefined> {
  const path = join(directory, `${pid}.json`)
  rmSync(path, { force: true })
  // A process that has just begun would be killed by the signal.
  if (!hasHandler(pid)) return undefined
  process.kill(pid, "SIGUSR2")
  for (let tries = 0; tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    try {
      return JSON.parse(readFileSync(path, "utf8")) as Probe
    } catch {
      // Not yet.
    }
  }
  return undefined
}

const sigusr2 = 12

function hasHandler(pid: number): boolean {
  const mask = /^SigCgt:\s+([0-9a-f]+)/m.exec(readText(`/proc/${pid}/status`))?.[1]
  return mask !== undefined && (BigInt(`0x${mask}`) & (1n << BigInt(sigusr2 - 1))) !== 0n
}

export interface MemoryTrend {
  readonly process: string
  readonly samples: number
  /** From the first of them to the last. */
  readonly minutes: number
  readonly firstMiB: number
  readonly lastMiB: number
  readonly rssMiB: number
  /** MiB per minute; undefined for too few samples. */
  readonly fit?: LinearFit | undefined
  readonly openFiles: number
}

/** Of each process the longest life, its first samples apart: a program that has just begun is still growing. Pure. */
export function trendsOf(samples: readonly MemorySample[], warmUpMinutes: number): MemoryTrend[] {
  const lives = new Map<string, MemorySample[]>()
  for (const sample of samples) {
    const key = `${sample.process} ${sample.pid}`
    lives.set(key, [...(lives.get(key) ?? []), sample])
  }
  const longest = new Map<string, readonly MemorySample[]>()
  for (const life of lives.values()) {
    const { process } = life[0]!
    if (life.length > (longest.get(process)?.length ?? 0)) longest.set(process, life)
  }
  return [...longest].map(([process, life]) => {
    const settled = life.filter(({ atMinutes }) => atMinutes - life[0]!.atMinutes >= warmUpMinutes)
    const used = settled.length >= 3 ? settled : life
    const value = ({ heapMiB, rssMiB }: MemorySample) => heapMiB ?? rssMiB
    return {
      process,
      samples: used.length,
      minutes: used.at(-1)!.atMinutes - used[0]!.atMinutes,
      firstMiB: value(used[0]!),
      lastMiB: value(used.at(-1)!),
      rssMiB: used.at(-1)!.rssMiB,
      fit: fitLine(used.map((sample) => [sample.atMinutes, value(sample)] as const)),
      openFiles: used.at(-1)!.openFiles,
    }
  })
}
