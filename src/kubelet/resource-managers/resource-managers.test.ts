import { describe, expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { AdmissionError } from "../node-host.ts"
import { formatCpuSet } from "./cpu-set.ts"
import { madeUpMachine } from "./made-up-machine.ts"
import { createCpuManager, createMemoryManager, mergeOptions } from "./plan-resource-managers.ts"
import { type PlacedDevices, ResourceManagers } from "./resource-managers.ts"
import type { HintsByResource } from "./topology/topology-hint.ts"

const gibibyte = 2 ** 30
// Two nodes of four processors and 16 GiB: 0-3 and 4-7.
const topology = madeUpMachine({ sockets: 2, numaNodesPerSocket: 1, coresPerNumaNode: 4, threadsPerCore: 1 })

/** A device on one node, for containers called "with-device". */
const deviceOn = (node: number): PlacedDevices & { given: string[] } => {
  const hints = ({ name }: Container): HintsByResource =>
    name === "with-device" ? { dial: [{ nodes: new Set([node]), preferred: true }] } : {}
  const given: string[] = []
  return {
    given,
    hints: (_pod, container) => hints(container),
    podHints: (pod) => Object.assign({}, ...pod.spec.containers.map(hints)) as HintsByResource,
    async allocate(pod, _isRunning, affinityOf) {
      for (const container of pod.spec.containers) {
        const affinity = affinityOf(container)
        given.push(`${container.name} ${affinity ? formatCpuSet(affinity) : "any"}`)
      }
    },
    async free() {},
  }
}

const start = (given: Partial<KubeletConfiguration> = {}, device = 1) => {
  const settings = defaultConfiguration({
    cpuManagerPolicy: "static",
    memoryManagerPolicy: "Static",
    reservedMemory: [{ numaNode: 0, limits: { memory: "1Gi" } }],
    topologyManagerPolicy: "restricted",
    ...given,
  })
  const reservation = { milliCpu: 1000, memoryBytes: gibibyte }
  const cpu = createCpuManager(settings, topology, reservation, undefined)!
  const memory = createMemoryManager(settings, topology, reservation, undefined)!
  const metrics = new KubeletMetrics()
  const devices = deviceOn(device)
  const saved: string[] = []
  const managers = new ResourceManagers({
    cpu,
    memory,
    devices,
    merging: mergeOptions(settings, topology),
    scope: settings.topologyManagerScope === "pod" ? "pod" : "container",
    save: async () => void saved.push(formatCpuSet(cpu.state.shared)),
    changed: () => {},
    metrics,
    clock: new SimulatedClock(),
    log: silentLogger,
  })
  return { managers, cpu, memory, devices, saved }
}

const pod = (uid: string, ...containers: [name: string, cpu: string, memory: string][]): Pod =>
  ({
    metadata: { uid, name: uid },
    spec: {
      containers: containers.map(([name, cpu, memory]) => ({
        name,
        resources: { requests: { cpu, memory }, limits: { cpu, memory } },
      })),
    },
    status: {},
  }) as unknown as Pod

describe("what lies near to each other", () => {
  it("is given together", async () => {
    const { managers, devices, saved } = start()
    const asked = pod("a", ["with-device", "2", "1Gi"], ["other", "1", "1Gi"])
    await managers.allocate(asked, false)
    const [first, second] = asked.spec.containers
    expect(managers.containerResources(asked, first!)).toEqual({ cpusetCpus: "4-5", cpusetMems: "1" })
    expect(managers.containerResources(asked, second!)).toEqual({ cpusetCpus: "1", cpusetMems: "0" })
    expect(devices.given).toEqual(["with-device 1", "other 0"])
    expect(saved.at(-1)).toBe("0,2-3,6-7")
    // Who has nothing alone has what is left.
    const shared = pod("b", ["c", "500m", "1Gi"])
    shared.spec.containers[0]!.resources = { requests: { cpu: "500m" } }
    await managers.allocate(shared, false)
    expect(managers.containerResources(shared, shared.spec.containers[0]!)).toEqual({
      cpusetCpus: "0,2-3,6-7",
    })
  })

  it("is refused where it cannot be had, and nothing stays behind", async () => {
    const { managers, cpu, memory } = start()
    await managers.allocate(pod("a", ["c", "3", "1Gi"]), false)
    await managers.allocate(pod("b", ["c", "3", "1Gi"]), false)
    const late = pod("late", ["fits", "1", "1Gi"], ["with-device", "2", "1Gi"])
    const refusal = await managers.allocate(late, false).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AdmissionError)
    expect(refusal).toMatchObject({
      reason: "TopologyAffinityError",
      message: "Pod was rejected: Resources cannot be allocated with Topology locality",
    })
    expect(cpu.cpusOf("late", "fits")).toBeUndefined()
    expect(memory.blocksOf("late", "fits")).toEqual([])
  })

  it("is for the pod as a whole, if that is the scope", async () => {
    const { managers, devices, cpu } = start({ topologyManagerScope: "pod" })
    await managers.allocate(pod("a", ["with-device", "2", "1Gi"], ["other", "1", "1Gi"]), false)
    expect(devices.given).toEqual(["with-device 1", "other 1"])
    expect(formatCpuSet(cpu.cpusOf("a", "other")!)).toBe("6")
  })

  it("does not matter without a policy", async () => {
    const { managers, devices, cpu } = start({ topologyManagerPolicy: "none" })
    await managers.allocate(pod("a", ["with-device", "2", "1Gi"]), false)
    expect(devices.given).toEqual(["with-device any"])
    expect(formatCpuSet(cpu.cpusOf("a", "with-device")!)).toBe("1-2")
  })

  it("is not judged again of what runs, and forgotten of what is no more", async () => {
    const { managers, cpu, saved } = start()
    await managers.allocate(pod("a", ["c", "7", "1Gi"]), true)
    expect(cpu.cpusOf("a", "c")?.size).toBe(7)
    await managers.allocate(pod("b", ["c", "7", "1Gi"]), true)
    expect(cpu.cpusOf("b", "c")).toBeUndefined()
    await managers.forgetOthers((uid) => uid === "b")
    expect(saved.at(-1)).toBe("0-7")
  })
})
