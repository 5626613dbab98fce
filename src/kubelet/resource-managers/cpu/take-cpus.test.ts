import { describe, expect, it } from "vitest"
import { difference, formatCpuSet, parseCpuSet } from "../cpu-set.ts"
import { allCpus } from "../machine-topology.ts"
import { madeUpMachine } from "../made-up-machine.ts"
import { takeDistributed, takePacked } from "./take-cpus.ts"

// Two sockets of six cores with two threads: socket 0 has 0-5 and 12-17, socket 1 has 6-11 and 18-23.
const dual = madeUpMachine({ sockets: 2, numaNodesPerSocket: 1, coresPerNumaNode: 6, threadsPerCore: 2 })
// Two sockets of two NUMA nodes of four cores: 0-3,16-19 | 4-7,20-23 || 8-11,24-27 | 12-15,28-31.
const quad = madeUpMachine({ sockets: 2, numaNodesPerSocket: 2, coresPerNumaNode: 4, threadsPerCore: 2 })
// Caches of four cores each, two of them on the only node: 0-3,8-11 | 4-7,12-15.
const cached = madeUpMachine({
  sockets: 1,
  numaNodesPerSocket: 1,
  coresPerNumaNode: 8,
  threadsPerCore: 2,
  coresPerUncoreCache: 4,
})

describe("processors that are packed", () => {
  const take = (topology: typeof dual, taken: string, count: number) =>
    formatCpuSet(takePacked(topology, difference(allCpus(topology), parseCpuSet(taken)), count))

  it.each([
    ["threads of one core", "", 2, "0,12"],
    ["one thread", "", 1, "0"],
    ["a core and a thread", "", 3, "0-1,12"],
    ["a whole socket", "", 12, "0-5,12-17"],
    ["more than a socket", "", 14, "0-6,12-18"],
    ["from where the least is left", "0-3,12-15", 4, "4-5,16-17"],
    ["a half core before a whole one", "0", 1, "12"],
    ["a whole core before halves", "0", 2, "1,13"],
    ["the free socket as a whole", "0", 12, "6-11,18-23"],
  ])("are %s", (_, taken, count, expected) => expect(take(dual, taken, count)).toBe(expected))

  it("fill NUMA nodes of a socket before another socket", () => {
    expect(take(quad, "", 8)).toBe("0-3,16-19")
    expect(take(quad, "", 16)).toBe("0-7,16-23")
    expect(take(quad, "0-3,16-19", 8)).toBe("4-7,20-23")
  })

  it("cannot be more than there are", () => {
    expect(() => take(dual, "0-11", 13)).toThrow(
      "not enough cpus available to satisfy request: requested=13, available=12",
    )
  })

  it("are of one cache, if it has enough", () => {
    const available = difference(allCpus(cached), parseCpuSet("0,8,1,9"))
    const options = { alignByUncoreCache: true }
    expect(formatCpuSet(takePacked(cached, available, 8, options))).toBe("4-7,12-15")
    expect(formatCpuSet(takePacked(cached, available, 4, options))).toBe("2-3,10-11")
    expect(formatCpuSet(takePacked(cached, available, 6, options))).toBe("4-6,12-14")
  })
})

describe("processors that are spread over NUMA nodes", () => {
  const spread = (topology: typeof dual, taken: string, count: number, groupSize = 1) =>
    formatCpuSet(
      takeDistributed(topology, difference(allCpus(topology), parseCpuSet(taken)), count, groupSize),
    )

  it.each([
    ["of one node while it has enough", "", 8, "0-3,12-15"],
    ["as many of each where one has not", "", 16, "0-3,6-9,12-15,18-21"],
    ["of the nodes that have as many", "0-5,12-13", 12, "6-11,18-23"],
  ])("are %s", (_, taken, count, expected) => expect(spread(dual, taken, count)).toBe(expected))

  it("stay in whole cores where groups must", () => {
    // Seven cores of two nodes: four of one, three of the other.
    expect(spread(dual, "", 14, 2)).toBe("0-3,6-8,12-15,18-20")
    // Which do not divide into groups: packed.
    expect(spread(dual, "", 13, 2)).toBe("0-6,12-17")
  })

  it("are on as few nodes as can hold them", () => {
    expect(spread(quad, "", 12)).toBe("0-2,4-6,16-18,20-22")
    expect(spread(quad, "0-3,16-19", 16)).toBe(
      "4-7,8-11,20-23,24-27".replace("4-7,8-11", "4-11").replace("20-23,24-27", "20-27"),
    )
  })
})
