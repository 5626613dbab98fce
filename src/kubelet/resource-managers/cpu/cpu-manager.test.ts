import { describe, expect, it } from "vitest"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { AdmissionError } from "../../node-host.ts"
import { formatCpuSet, parseCpuSet } from "../cpu-set.ts"
import { madeUpMachine } from "../made-up-machine.ts"
import { CpuManager, type CpuState } from "./cpu-manager.ts"
import { parseStaticPolicyOptions } from "./policy-options.ts"

// Two sockets of four cores with two threads: 0-3,8-11 | 4-7,12-15.
const topology = madeUpMachine({ sockets: 2, numaNodesPerSocket: 1, coresPerNumaNode: 4, threadsPerCore: 2 })

const manage = (options: Record<string, string> = {}, reserved = "0,8", state?: CpuState) =>
  new CpuManager(
    { topology, options: parseStaticPolicyOptions(options), reserved: parseCpuSet(reserved) },
    state,
  )
const guaranteed = (name: string, cpu: string, more: object = {}) => ({
  name,
  resources: { requests: { cpu, memory: "1Gi" }, limits: { cpu, memory: "1Gi" } },
  ...more,
})
const pod = (uid: string, containers: object[], initContainers: object[] = []): Pod =>
  ({ metadata: { uid, name: uid }, spec: { containers, initContainers }, status: {} }) as unknown as Pod
const allocate = (manager: CpuManager, asked: Pod, nodes?: string) => {
  for (const container of [...asked.spec.initContainers!, ...asked.spec.containers])
    manager.allocate(asked, container, nodes === undefined ? undefined : parseCpuSet(nodes))
  return (container: string) => {
    const cpus = manager.cpusOf(asked.metadata.uid, container)
    return cpus && formatCpuSet(cpus)
  }
}

describe("processors of their own", () => {
  it("have containers of guaranteed pods that ask for whole ones; the others share the rest", () => {
    const manager = manage()
    const cpusOf = allocate(manager, pod("a", [guaranteed("two", "2"), guaranteed("part", "1500m")]))
    expect([cpusOf("two"), cpusOf("part")]).toEqual(["1,9", undefined])
    const burstable = pod("b", [{ name: "c", resources: { requests: { cpu: "2" } } }])
    expect(allocate(manager, burstable)("c")).toBeUndefined()
    expect(formatCpuSet(manager.state.shared)).toBe("0,2-8,10-15")
    expect(formatCpuSet(manager.allocatable)).toBe("1-7,9-15")
  })

  it("are given back, and nobody else's", () => {
    const manager = manage()
    allocate(manager, pod("a", [guaranteed("c", "4")]))
    expect(manager.free("a")).toBe(true)
    expect(manager.free("a")).toBe(false)
    expect(formatCpuSet(manager.state.shared)).toBe("0-15")
  })

  it("go from init containers to those after them, but not from sidecars", () => {
    const manager = manage()
    const sidecar = guaranteed("sidecar", "2", { restartPolicy: "Always" })
    const cpusOf = allocate(manager, pod("a", [guaranteed("main", "2")], [guaranteed("init", "4"), sidecar]))
    expect(cpusOf("init")).toBe("1-2,9-10")
    expect([cpusOf("sidecar"), cpusOf("main")]).toEqual(["1,9", "2,10"])
    expect(manager.free("a")).toBe(true)
    expect(formatCpuSet(manager.state.shared)).toBe("0-15")
  })

  it("are near to where the rest of the container is", () => {
    expect(allocate(manage(), pod("a", [guaranteed("c", "2")]), "1")("c")).toBe("4,12")
    // What the node has not comes from elsewhere.
    expect(allocate(manage(), pod("a", [guaranteed("c", "10")]), "1")("c")).toBe("1,4-7,9,12-15")
  })

  it("cannot be more than are left", () => {
    expect(() => allocate(manage(), pod("a", [guaranteed("c", "15")]))).toThrow(
      "not enough cpus available to satisfy request: requested=15, available=14",
    )
  })

  it("are whole cores where they must be", () => {
    const manager = manage({ "full-pcpus-only": "true" }, "0")
    const refusal = (count: string) => {
      try {
        allocate(manager, pod("a", [guaranteed("c", count)]))
      } catch (error) {
        return [(error as AdmissionError).reason, (error as Error).message]
      }
      return undefined
    }
    expect(refusal("3")).toEqual([
      "SMTAlignmentError",
      "Pod was rejected: SMT Alignment Error: requested 3 cpus not multiple cpus per core = 2",
    ])
    expect(refusal("16")).toEqual([
      "SMTAlignmentError",
      "Pod was rejected: SMT Alignment Error: not enough free physical CPUs: available physical CPUs = 14, requested CPUs = 16, CPUs per core = 2",
    ])
    expect(refusal("2")).toBeUndefined()
  })

  it("are not shared with what is reserved strictly", () => {
    expect(formatCpuSet(manage({ "strict-cpu-reservation": "true" }).state.shared)).toBe("1-7,9-15")
  })
})

describe("hints for processors", () => {
  const shown = (manager: CpuManager, asked: Pod) => {
    const { cpu } = manager.hints(asked, asked.spec.containers[0]!)
    return cpu?.map(({ nodes, preferred }) => `${formatCpuSet(nodes!)}${preferred ? "!" : ""}`)
  }

  it("are the nodes that have enough", () => {
    const manager = manage()
    expect(shown(manager, pod("a", [guaranteed("c", "4")]))).toEqual(["0!", "1!", "0-1"])
    expect(shown(manager, pod("a", [guaranteed("c", "7")]))).toEqual(["1!", "0-1"])
    expect(shown(manager, pod("a", [guaranteed("c", "10")]))).toEqual(["0-1!"])
    expect(shown(manager, pod("a", [guaranteed("c", "15")]))).toEqual([])
    expect(shown(manager, pod("a", [guaranteed("c", "1500m")]))).toBeUndefined()
  })

  it("are those of what it has", () => {
    const manager = manage()
    const asked = pod("a", [guaranteed("c", "2")])
    allocate(manager, asked, "1")
    expect(shown(manager, asked)).toEqual(["1!", "0-1"])
    expect(shown(manager, pod("a", [guaranteed("c", "4")]))).toEqual([])
  })

  it("count a pod as a whole", () => {
    const asked = pod("a", [guaranteed("x", "2"), guaranteed("y", "3")], [guaranteed("init", "7")])
    expect(manage().podHints(asked)["cpu"]).toMatchObject([{ preferred: true }, { preferred: false }])
  })
})

describe("what is remembered", () => {
  const state = (shared: string, assigned: Record<string, string>): CpuState => ({
    shared: parseCpuSet(shared),
    assignments: new Map(
      Object.entries(assigned).map(([uid, cpus]) => [uid, new Map([["c", parseCpuSet(cpus)]])]),
    ),
  })

  it("holds after a new start", () => {
    const manager = manage({}, "0,8", state("0,2-8,10-15", { a: "1,9" }))
    expect(formatCpuSet(manager.cpusOf("a", "c")!)).toBe("1,9")
    expect(allocate(manager, pod("b", [guaranteed("c", "2")]))("c")).toBe("2,10")
  })

  it.each([
    ["", { a: "1" }, {}, "default cpuset cannot be empty"],
    ["1-15", {}, {}, 'not all reserved cpus: "0,8" are present in defaultCpuSet: "1-15"'],
    [
      "0-15",
      {},
      { "strict-cpu-reservation": "true" },
      'some of strictly reserved cpus: "0,8" are present in defaultCpuSet: "0-15"',
    ],
    ["0-15", { a: "1" }, {}, 'pod: a, container: c cpuset: "1" overlaps with default cpuset "0-15"'],
    ["0-14", {}, {}, `current set of available CPUs "0-15" doesn't match with CPUs in state "0-14"`],
  ])("must be of this machine: %s %o", (shared, assigned, options, problem) => {
    expect(() => manage(options, "0,8", state(shared, assigned as Record<string, string>))).toThrow(problem)
  })
})
