import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { quantityValue } from "../../apimachinery/quantity.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { reservations } from "../node/plan-node-resources.ts"
import type { Machine } from "../node-host.ts"
import type { CpuManager } from "../resource-managers/cpu/cpu-manager.ts"
import {
  formatCpuState,
  formatMemoryState,
  parseCpuState,
  parseMemoryState,
} from "../resource-managers/manager-state.ts"
import type { MachineTopology } from "../resource-managers/machine-topology.ts"
import type { MemoryManager } from "../resource-managers/memory/memory-manager.ts"
import {
  createCpuManager,
  createMemoryManager,
  mergeOptions,
} from "../resource-managers/plan-resource-managers.ts"
import { type PlacedDevices, ResourceManagers } from "../resource-managers/resource-managers.ts"
import { ManagerStateFile } from "./manager-state-files.ts"
import { readTopology } from "./read-topology.ts"

export interface CreateManagersOptions {
  readonly rootDirectory: string
  readonly configuration: KubeletConfiguration
  readonly machine: Machine
  readonly devices: PlacedDevices
  readonly metrics: KubeletMetrics
  readonly clock: Clock
  readonly log: Logger
  /** Those who share processors share others now. */
  readonly changed: () => void
  /** @default the machine's own */
  readonly topology?: MachineTopology
}

export interface CreatedManagers {
  readonly managers: ResourceManagers
  readonly cpu: CpuManager | undefined
  readonly memory: MemoryManager | undefined
}

/** The managers of processors, memory and topology, with what an earlier kubelet has written down. Throws. */
export async function createResourceManagers(options: CreateManagersOptions): Promise<CreatedManagers> {
  const { rootDirectory, configuration, machine, devices, metrics, clock, log, changed } = options
  const { cpuManagerPolicy, memoryManagerPolicy } = configuration
  const topology = options.topology ?? (await readTopology())
  const memoryOf = ({ memory = 0 }: Machine["capacity"]) => quantityValue(memory)
  const hugeBytes = Object.entries(machine.capacity)
    .filter(([name]) => name.startsWith("hugepages-"))
    .reduce((sum, [, bytes]) => sum + quantityValue(bytes), 0)
  const reservation = {
    milliCpu: reservations(configuration)["cpu"] ?? 0,
    memoryBytes: memoryOf(machine.capacity) - memoryOf(machine.allocatable) - hugeBytes,
  }
  const cpuFile = new ManagerStateFile(rootDirectory, "cpu_manager_state", "CPU manager")
  const memoryFile = new ManagerStateFile(rootDirectory, "memory_manager_state", "memory manager")
  const cpu = createCpuManager(
    configuration,
    topology,
    reservation,
    await cpuFile.restore((text) => parseCpuState(text, cpuManagerPolicy)),
  )
  const memory = createMemoryManager(
    configuration,
    topology,
    reservation,
    await memoryFile.restore((text) => parseMemoryState(text, memoryManagerPolicy)),
  )
  const save = async () => {
    await cpuFile.write(formatCpuState(cpuManagerPolicy, cpu?.state))
    await memoryFile.write(formatMemoryState(memoryManagerPolicy, memory))
  }
  await save()
  const managers = new ResourceManagers({
    cpu,
    memory,
    devices,
    merging: mergeOptions(configuration, topology),
    scope: configuration.topologyManagerScope === "pod" ? "pod" : "container",
    save,
    changed,
    metrics,
    clock,
    log,
  })
  return { managers, cpu, memory }
}
