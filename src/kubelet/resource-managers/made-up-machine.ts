import type { MachineTopology, Processor } from "./machine-topology.ts"

export interface MachineShape {
  readonly sockets: number
  readonly numaNodesPerSocket: number
  readonly coresPerNumaNode: number
  readonly threadsPerCore: number
  /** @default all of a NUMA node */
  readonly coresPerUncoreCache?: number
  /** Of each NUMA node. @default 16 GiB */
  readonly memoryBytes?: number
}

/** A machine for tests, numbered as the kernel does: first a thread of every core, then the second threads. */
export function madeUpMachine(shape: MachineShape): MachineTopology {
  const { sockets, numaNodesPerSocket, coresPerNumaNode, threadsPerCore } = shape
  const { coresPerUncoreCache = coresPerNumaNode, memoryBytes = 16 * 2 ** 30 } = shape
  const numaNodes = sockets * numaNodesPerSocket
  const cores = numaNodes * coresPerNumaNode
  const processors = Array.from({ length: cores * threadsPerCore }, (_, id): Processor => {
    const core = id % cores
    const numaNode = Math.floor(core / coresPerNumaNode)
    return {
      id,
      core,
      numaNode,
      socket: Math.floor(numaNode / numaNodesPerSocket),
      uncoreCache: Math.floor(core / coresPerUncoreCache),
    }
  })
  const socketOf = (node: number) => Math.floor(node / numaNodesPerSocket)
  return {
    processors,
    numaNodes: Array.from({ length: numaNodes }, (_, id) => ({
      id,
      memoryBytes,
      hugePages: {},
      distances: Array.from({ length: numaNodes }, (_each, to) =>
        to === id ? 10 : socketOf(to) === socketOf(id) ? 12 : 32,
      ),
    })),
  }
}
