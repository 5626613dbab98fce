import { formatQuantity, quantityFromNumber, quantityValue } from "../../apimachinery/quantity.ts"
import { quote } from "../../base/quote.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { CpuManager, type CpuState } from "./cpu/cpu-manager.ts"
import { parseStaticPolicyOptions } from "./cpu/policy-options.ts"
import { takePacked } from "./cpu/take-cpus.ts"
import { type CpuSet, formatCpuSet, isSubset, parseCpuSet } from "./cpu-set.ts"
import { allCpus, type MachineTopology } from "./machine-topology.ts"
import type { MemoryAssignments, ReservedMemory } from "./memory/machine-memory.ts"
import { MemoryManager } from "./memory/memory-manager.ts"
import type { MergeOptions, TopologyPolicy } from "./topology/merge-hints.ts"
import { parseTopologyOptions } from "./topology/policy-options.ts"

export type ManagerSettings = Pick<
  KubeletConfiguration,
  | "cpuManagerPolicy"
  | "cpuManagerPolicyOptions"
  | "memoryManagerPolicy"
  | "reservedMemory"
  | "reservedSystemCPUs"
  | "topologyManagerPolicy"
  | "topologyManagerPolicyOptions"
>

/** What is not for pods: thousandths of processors, and bytes of memory (what leads to evictions included). */
export interface Reservation {
  readonly milliCpu: number
  readonly memoryBytes: number
}

/** The manager that the configuration asks for, with what it remembers. Throws Error in upstream's words. */
export function createCpuManager(
  settings: ManagerSettings,
  topology: MachineTopology,
  reservation: Reservation,
  state: CpuState | undefined,
): CpuManager | undefined {
  const { cpuManagerPolicy: policy, cpuManagerPolicyOptions = {} } = settings
  if (policy === "none") {
    const given = Object.entries(cpuManagerPolicyOptions).map(([name, value]) => `${name}:${value}`)
    if (given.length === 0) return undefined
    throw new Error(`None policy: received unsupported options=map[${given.sort().join(" ")}]`)
  }
  if (policy !== "static") throw new Error(`unknown policy: ${quote(policy)}`)
  if (reservation.milliCpu === 0)
    throw new Error(
      "[cpumanager] the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero",
    )
  const options = parseStaticPolicyOptions(cpuManagerPolicyOptions)
  const reserved = reservedCpus(settings, topology, reservation)
  return new CpuManager({ topology, options, reserved }, state)
}

function reservedCpus(
  { reservedSystemCPUs }: ManagerSettings,
  topology: MachineTopology,
  { milliCpu }: Reservation,
): CpuSet {
  const all = allCpus(topology)
  if (!reservedSystemCPUs) return takePacked(topology, all, Math.ceil(milliCpu / 1000))
  const named = parseCpuSet(reservedSystemCPUs)
  if (isSubset(named, all)) return named
  throw new Error(`reserved-cpus: ${reservedSystemCPUs} is not a subset of online-cpus: ${formatCpuSet(all)}`)
}

/** The manager that the configuration asks for, with what it remembers. Throws Error in upstream's words. */
export function createMemoryManager(
  settings: ManagerSettings,
  topology: MachineTopology,
  reservation: Reservation,
  assignments: MemoryAssignments | undefined,
): MemoryManager | undefined {
  const { memoryManagerPolicy: policy, reservedMemory = [] } = settings
  if (policy === "None") return undefined
  if (policy !== "Static") throw new Error(`unknown policy: ${quote(policy)}`)
  const reserved = new Map<number, Record<string, number>>(topology.numaNodes.map(({ id }) => [id, {}]))
  for (const { numaNode, limits } of reservedMemory) {
    const node = reserved.get(numaNode)
    if (!node)
      throw new Error(
        `the reserved memory configuration references a NUMA node ${numaNode} that does not exist on this machine`,
      )
    for (const [name, amount] of Object.entries(limits ?? {})) node[name] = quantityValue(amount)
  }
  validateTotals(reserved, reservation)
  return new MemoryManager({ topology, reserved }, assignments)
}

function validateTotals(reserved: ReservedMemory, { memoryBytes }: Reservation): void {
  const totals: Record<string, number> = { memory: 0 }
  for (const amounts of reserved.values())
    for (const [name, bytes] of Object.entries(amounts)) totals[name] = (totals[name] ?? 0) + bytes
  const text = (bytes: number) => quote(formatQuantity(quantityFromNumber(bytes, "BinarySI")))
  for (const [name, total] of Object.entries(totals)) {
    const wanted = name === "memory" ? memoryBytes : 0
    if (total !== wanted)
      throw new Error(
        `the total amount ${text(total)} of type ${quote(name)} is not equal to the value ${text(wanted)} determined by Node Allocatable feature`,
      )
  }
  if (totals["memory"] === 0) throw new Error("[memorymanager] you should specify the system reserved memory")
}

/** How hints are merged. Throws Error in upstream's words. */
export function mergeOptions(settings: ManagerSettings, { numaNodes }: MachineTopology): MergeOptions {
  const policy = settings.topologyManagerPolicy as TopologyPolicy
  const { preferClosest, maxNumaNodes } = parseTopologyOptions(settings.topologyManagerPolicyOptions)
  if (policy !== "none" && numaNodes.length > maxNumaNodes)
    throw new Error(`unsupported on machines with more than ${maxNumaNodes} NUMA Nodes`)
  return { policy, numaNodes, preferClosest }
}
