import { describe, expect, it } from "vitest"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { formatCpuSet, parseCpuSet } from "./cpu-set.ts"
import { madeUpMachine } from "./made-up-machine.ts"
import { formatCpuState, formatMemoryState, parseCpuState, parseMemoryState } from "./manager-state.ts"
import { createCpuManager, createMemoryManager, mergeOptions } from "./plan-resource-managers.ts"

const topology = madeUpMachine({ sockets: 2, numaNodesPerSocket: 1, coresPerNumaNode: 4, threadsPerCore: 2 })
const reservation = { milliCpu: 1500, memoryBytes: 2 ** 30 }
const cpu = (given: Partial<KubeletConfiguration>, milliCpu = 1500) =>
  createCpuManager(defaultConfiguration(given), topology, { ...reservation, milliCpu }, undefined)
const memory = (given: Partial<KubeletConfiguration>) =>
  createMemoryManager(
    defaultConfiguration({ memoryManagerPolicy: "Static", ...given }),
    topology,
    reservation,
    undefined,
  )

describe("the managers that a configuration asks for", () => {
  it("are none unless it does", () => {
    expect(cpu({})).toBeUndefined()
    expect(memory({ memoryManagerPolicy: "None" })).toBeUndefined()
  })

  it("keep as many processors as are reserved, or just those", () => {
    const static_ = { cpuManagerPolicy: "static" }
    expect(formatCpuSet(cpu(static_)!.allocatable)).toBe("1-7,9-15")
    expect(formatCpuSet(cpu({ ...static_, reservedSystemCPUs: "6,7" })!.allocatable)).toBe("0-5,8-15")
  })

  it.each<[Partial<KubeletConfiguration>, number, string]>([
    [{ cpuManagerPolicy: "odd" }, 1000, 'unknown policy: "odd"'],
    [
      { cpuManagerPolicy: "static" },
      0,
      "[cpumanager] the static policy requires systemreserved.cpu + kubereserved.cpu to be greater than zero",
    ],
    [
      { cpuManagerPolicyOptions: { "full-pcpus-only": "true" } },
      1000,
      "None policy: received unsupported options=map[full-pcpus-only:true]",
    ],
    [
      { cpuManagerPolicy: "static", cpuManagerPolicyOptions: { odd: "true" } },
      1000,
      'unknown CPU Manager Policy option: "odd"',
    ],
    [
      { cpuManagerPolicy: "static", cpuManagerPolicyOptions: { "align-by-socket": "true" } },
      1000,
      'CPU Manager Policy Alpha-level Options not enabled, but option "align-by-socket" provided',
    ],
    [
      { cpuManagerPolicy: "static", cpuManagerPolicyOptions: { "full-pcpus-only": "yes" } },
      1000,
      'bad value for option "full-pcpus-only": strconv.ParseBool: parsing "yes": invalid syntax',
    ],
    [
      { cpuManagerPolicy: "static", reservedSystemCPUs: "0,99" },
      2000,
      "reserved-cpus: 0,99 is not a subset of online-cpus: 0-15",
    ],
  ])("%o with %i reserved is refused", (given, milliCpu, problem) =>
    expect(() => cpu(given, milliCpu)).toThrow(problem),
  )

  it("keep the memory that is reserved where the configuration says", () => {
    const manager = memory({ reservedMemory: [{ numaNode: 1, limits: { memory: "1Gi" } }] })!
    expect(manager.allocatable.map(({ nodes, size }) => [nodes[0], size / 2 ** 30])).toEqual([
      [0, 16],
      [1, 15],
    ])
    expect(() => memory({ reservedMemory: [{ numaNode: 0, limits: { memory: "2Gi" } }] })).toThrow(
      'the total amount "2Gi" of type "memory" is not equal to the value "1Gi" determined by Node Allocatable feature',
    )
    expect(() => memory({ memoryManagerPolicy: "Odd" })).toThrow('unknown policy: "Odd"')
  })

  it("do not merge hints of more nodes than they can", () => {
    const many = madeUpMachine({ sockets: 9, numaNodesPerSocket: 1, coresPerNumaNode: 1, threadsPerCore: 1 })
    const settings = defaultConfiguration({ topologyManagerPolicy: "restricted" })
    expect(() => mergeOptions(settings, many)).toThrow("unsupported on machines with more than 8 NUMA Nodes")
    expect(mergeOptions(settings, topology).policy).toBe("restricted")
  })
})

describe("what managers write down", () => {
  const state = {
    shared: parseCpuSet("0,2-15"),
    assignments: new Map([["uid", new Map([["main", parseCpuSet("1")]])]]),
  }

  it("is read again", () => {
    const text = formatCpuState("static", state)
    expect(JSON.parse(text)).toMatchObject({
      policyName: "static",
      defaultCpuSet: "0,2-15",
      entries: { uid: { main: "1" } },
    })
    expect(parseCpuState(text, "static")).toEqual(state)
    const manager = memory({ reservedMemory: [{ numaNode: 0, limits: { memory: "1Gi" } }] })
    expect(parseMemoryState(formatMemoryState("Static", manager), "Static")).toEqual(new Map())
  })

  it("does not hold for another policy, nor when somebody has changed it", () => {
    const text = formatCpuState("static", state)
    expect(() => parseCpuState(text, "none")).toThrow(
      'configured policy "none" differs from state checkpoint policy "static"',
    )
    expect(() => parseCpuState(text.replace('"1"', '"2"'), "static")).toThrow("checkpoint is corrupted")
    expect(() => parseMemoryState(formatMemoryState("None", undefined), "Static")).toThrow(
      '[memorymanager] configured policy "Static" differs from state checkpoint policy "None"',
    )
  })
})
