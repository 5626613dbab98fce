import { describe, expect, it } from "vitest"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { formatCpuSet, parseCpuSet } from "../cpu-set.ts"
import { madeUpMachine } from "../made-up-machine.ts"
import { MemoryManager } from "./memory-manager.ts"

const gibibyte = 2 ** 30
// Two nodes of 16 GiB, one of them reserved on the first.
const topology = madeUpMachine({ sockets: 2, numaNodesPerSocket: 1, coresPerNumaNode: 4, threadsPerCore: 1 })
const manage = (assignments?: MemoryManager["assignments"]) =>
  new MemoryManager({ topology, reserved: new Map([[0, { memory: gibibyte }]]) }, assignments)

const container = (name: string, memory: string, more: object = {}) => ({
  name,
  resources: { requests: { cpu: "1", memory }, limits: { cpu: "1", memory } },
  ...more,
})
const pod = (uid: string, containers: object[], initContainers: object[] = []): Pod =>
  ({ metadata: { uid, name: uid }, spec: { containers, initContainers }, status: {} }) as unknown as Pod
const anywhere = { nodes: undefined, preferred: false }
const allocate = (manager: MemoryManager, asked: Pod, nodes?: string) => {
  const hint = nodes === undefined ? anywhere : { nodes: parseCpuSet(nodes), preferred: false }
  for (const each of [...asked.spec.initContainers!, ...asked.spec.containers])
    manager.allocate(asked, each, hint)
}
const hints = (manager: MemoryManager, asked: Pod) => {
  const { memory } = manager.hints(asked, asked.spec.containers[0]!)
  return memory?.map(({ nodes, preferred }) => `${formatCpuSet(nodes!)}${preferred ? "!" : ""}`)
}
const free = (manager: MemoryManager) =>
  [...manager.machine.values()].map(({ memory }) => memory["memory"]!.free / gibibyte)

describe("memory of certain nodes", () => {
  it("is given to guaranteed pods, from as few nodes as will do", () => {
    const manager = manage()
    const small = pod("small", [container("c", "4Gi")])
    expect(hints(manager, small)).toEqual(["0!", "1!", "0-1"])
    allocate(manager, small)
    expect(manager.blocksOf("small", "c")).toEqual([{ nodes: [0], type: "memory", size: 4 * gibibyte }])
    expect(free(manager)).toEqual([11, 16])
    const burstable = pod("b", [{ name: "c", resources: { requests: { memory: "1Gi" } } }])
    allocate(manager, burstable)
    expect(manager.blocksOf("b", "c")).toEqual([])
  })

  it("is of several nodes only where nobody has memory of one of them alone", () => {
    const manager = manage()
    const big = pod("big", [container("c", "20Gi")])
    expect(hints(manager, big)).toEqual(["0-1!"])
    allocate(manager, pod("small", [container("c", "1Gi")]))
    expect(hints(manager, big)).toBeUndefined()
    expect(() => allocate(manager, big)).toThrow(
      "[memorymanager] failed to get the default NUMA affinity, no NUMA nodes with enough memory is available",
    )
    manager.free("small")
    allocate(manager, big)
    expect(free(manager)).toEqual([0, 11])
    // Now both are used together: one alone is not to be had.
    expect(hints(manager, pod("other", [container("c", "2Gi")]))).toEqual(["0-1"])
  })

  it("is near to the processors, and of more nodes where that one has not enough", () => {
    const manager = manage()
    allocate(manager, pod("near", [container("c", "4Gi")]), "1")
    expect(manager.blocksOf("near", "c")[0]!.nodes).toEqual([1])
    manager.free("near")
    allocate(manager, pod("wide", [container("c", "16Gi")]), "0")
    expect(manager.blocksOf("wide", "c")[0]!.nodes).toEqual([0, 1])
  })

  it("goes from init containers to those after them", () => {
    const manager = manage()
    const asked = pod("a", [container("main", "8Gi")], [container("init", "10Gi")])
    allocate(manager, asked)
    expect(free(manager)).toEqual([5, 16])
    expect(manager.blocksOf("a", "init")[0]!.size).toBe(2 * gibibyte)
    manager.free("a")
    expect(free(manager)).toEqual([15, 16])
  })

  it("is what it was after a new start", () => {
    const manager = manage()
    allocate(manager, pod("a", [container("c", "4Gi")]), "1")
    const next = manage(manager.assignments)
    expect(free(next)).toEqual([15, 12])
    expect(hints(next, pod("a", [container("c", "4Gi")]))).toEqual(["1!"])
  })

  it("must be of this machine", () => {
    const remembered = (nodes: number[], type: string) =>
      manage(new Map([["a", new Map([["c", [{ nodes, type, size: 1 }]]])]]))
    expect(() => remembered([7], "memory")).toThrow(
      "[memorymanager] (pod: a, container: c) the memory assignment uses the NUMA that does not exist",
    )
    expect(() => remembered([0], "hugepages-1Gi")).toThrow("uses memory resource that does not exist")
  })
})
