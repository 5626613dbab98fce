import type { MachineTopology } from "../machine-topology.ts"

/** So much of one kind of memory, from these NUMA nodes together. */
export interface MemoryBlock {
  /** In ascending order. */
  readonly nodes: readonly number[]
  /** "memory" or "hugepages-2Mi". */
  readonly type: string
  readonly size: number
}

/** By pod and container. */
export type MemoryAssignments = ReadonlyMap<string, ReadonlyMap<string, readonly MemoryBlock[]>>

/** By NUMA node and resource, in bytes. */
export type ReservedMemory = ReadonlyMap<number, Readonly<Record<string, number>>>

export interface NodeMemory {
  /** How many blocks are, at least partly, from this node. */
  readonly assignments: number
  /** The nodes that are used together with this one, itself too. */
  readonly cells: readonly number[]
  readonly memory: Readonly<Record<string, MemoryTable>>
}

export interface MemoryTable {
  readonly total: number
  readonly systemReserved: number
  readonly allocatable: number
  readonly reserved: number
  readonly free: number
}

export type MachineMemory = ReadonlyMap<number, NodeMemory>

/** A machine of which nothing is given away. */
export function emptyMachine({ numaNodes }: MachineTopology, reserved: ReservedMemory): MachineMemory {
  return new Map(
    numaNodes.map(({ id, memoryBytes, hugePages }) => {
      const hugeBytes = Object.values(hugePages).reduce((sum, bytes) => sum + bytes, 0)
      const table = (type: string, total: number, unusable = 0): [string, MemoryTable] => {
        const systemReserved = reserved.get(id)?.[type] ?? 0
        const allocatable = Math.max(total - systemReserved - unusable, 0)
        return [type, { total, systemReserved, allocatable, reserved: 0, free: allocatable }]
      }
      const tables = [
        ...Object.entries(hugePages).map(([type, bytes]) => table(type, bytes)),
        table("memory", memoryBytes, hugeBytes),
      ]
      return [id, { assignments: 0, cells: [id], memory: Object.fromEntries(tables) }]
    }),
  )
}

/** The machine once all that is assigned is taken from it. Throws Error in upstream's words for what it does not have. */
export function machineWith(empty: MachineMemory, assignments: MemoryAssignments): MachineMemory {
  const machine = new Map(empty)
  for (const [pod, containers] of assignments)
    for (const [container, blocks] of containers)
      for (const block of blocks) takeBlock(machine, block, `(pod: ${pod}, container: ${container})`)
  return machine
}

function takeBlock(
  machine: Map<number, NodeMemory>,
  { nodes, type, size }: MemoryBlock,
  whose: string,
): void {
  let missing = size
  for (const id of nodes) {
    const node = machine.get(id)
    if (!node)
      throw new Error(`[memorymanager] ${whose} the memory assignment uses the NUMA that does not exist`)
    const table = node.memory[type]
    if (!table)
      throw new Error(
        `[memorymanager] ${whose} the memory assignment uses memory resource that does not exist`,
      )
    const taken = Math.min(table.free, missing)
    missing -= taken
    machine.set(id, {
      assignments: node.assignments + 1,
      cells: nodes,
      memory: {
        ...node.memory,
        [type]: { ...table, free: table.free - taken, reserved: table.reserved + taken },
      },
    })
  }
}
