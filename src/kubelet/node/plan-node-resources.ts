import {
  formatQuantity,
  parseQuantity,
  quantityFromNumber,
  quantityMilliValue,
  quantityValue,
} from "../../apimachinery/quantity.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import { quote } from "../../base/quote.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { amountOf, parseThresholds } from "../eviction/thresholds.ts"
import { parseCpuSet } from "../resource-managers/cpu-set.ts"

/** What a machine has. */
export interface MachineSize {
  readonly cpus: number
  readonly memoryBytes: number
  /** Of the file system that pods share. */
  readonly diskBytes: number
  /** By resource ("hugepages-2Mi"), in bytes. */
  readonly hugePages: Readonly<Record<string, number>>
  readonly maxProcesses: number
}

/** What all pods together may use, as a control group is told it. */
export interface PodsLimit {
  readonly milliCpu: number
  readonly memoryBytes: number
  readonly processes: number
  /** By resource ("hugepages-2Mi"), in bytes. */
  readonly hugePages: Readonly<Record<string, number>>
}

export interface NodeResources {
  readonly capacity: ResourceList
  readonly allocatable: ResourceList
  readonly pods: PodsLimit
}

type Settings = Pick<
  KubeletConfiguration,
  | "maxPods"
  | "podsPerCore"
  | "kubeReserved"
  | "systemReserved"
  | "reservedSystemCPUs"
  | "evictionHard"
  | "enforceNodeAllocatable"
  | "localStorageCapacityIsolation"
>

/**
 * What a node has, what of it pods may ask for, and what all pods together are held to: less than the whole by what is
 * reserved for the system and for Kubernetes, and (where they ask, not where they are held) by what would lead to an
 * eviction. Throws Error, in upstream's words, where more is reserved than there is. Pure.
 * (https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/)
 */
export function planNodeResources(size: MachineSize, settings: Settings): NodeResources {
  const amounts = {
    cpu: size.cpus * 1000,
    memory: size.memoryBytes,
    ...(settings.localStorageCapacityIsolation && { "ephemeral-storage": size.diskBytes }),
    ...size.hugePages,
  }
  const reserved = reservations(settings)
  const eviction = evictionReservations(size, settings)
  const hugeBytes = Object.values(size.hugePages).reduce((sum, bytes) => sum + bytes, 0)
  const allocatable = { ...amounts }
  for (const name of ["cpu", "memory", "ephemeral-storage"] as const) {
    const capacity = amounts[name]
    if (capacity === undefined) continue
    const kept = (reserved[name] ?? 0) + (eviction[name] ?? 0)
    if (kept > capacity) throw new Error(tooMuch(name, kept, capacity))
    // Huge pages are memory that nobody can have otherwise.
    const huge = name === "memory" ? hugeBytes : 0
    allocatable[name] = Math.max(capacity - kept - huge, 0)
  }
  const pods = String(podLimit(size.cpus, settings))
  const isEnforced = settings.enforceNodeAllocatable.includes("pods")
  const left = (name: "cpu" | "memory" | "pid", capacity: number) =>
    isEnforced ? Math.max(capacity - (reserved[name] ?? 0), 0) : capacity
  return {
    capacity: { ...toList(amounts), pods },
    allocatable: { ...toList(allocatable), pods },
    pods: {
      milliCpu: left("cpu", amounts.cpu),
      memoryBytes: left("memory", amounts.memory),
      processes: left("pid", size.maxProcesses),
      hugePages: size.hugePages,
    },
  }
}

function podLimit(cpus: number, { maxPods, podsPerCore = 0 }: Settings): number {
  return podsPerCore > 0 ? Math.min(podsPerCore * cpus, maxPods) : maxPods
}

type Amounts = Partial<Record<string, number>>

/** CPU in thousandths, everything else in units. Processors that are reserved by number count instead of an amount of them. */
export function reservations({ kubeReserved, systemReserved, reservedSystemCPUs }: Settings): Amounts {
  const sum: Amounts = {}
  for (const list of [kubeReserved, systemReserved]) {
    for (const [name, text] of Object.entries(list ?? {}))
      sum[name] = (sum[name] ?? 0) + (name === "cpu" ? quantityMilliValue(text) : quantityValue(text))
  }
  if (reservedSystemCPUs) sum["cpu"] = parseCpuSet(reservedSystemCPUs).size * 1000
  return sum
}

function evictionReservations(size: MachineSize, { evictionHard }: Settings): Amounts {
  const amounts: Amounts = {}
  for (const { signal, value } of parseThresholds({ evictionHard })) {
    if (signal === "memory.available") amounts["memory"] = amountOf(value, size.memoryBytes)
    if (signal === "nodefs.available") amounts["ephemeral-storage"] = amountOf(value, size.diskBytes)
  }
  return amounts
}

function toList(amounts: Readonly<Record<string, number>>): ResourceList {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, toQuantity(name, amount)]))
}

function toQuantity(name: string, amount: number): string {
  if (name === "cpu") return parseQuantity(`${amount}m`).text
  return amount % 1024 === 0 ? formatQuantity(quantityFromNumber(amount, "BinarySI")) : String(amount)
}

function tooMuch(name: string, reserved: number, capacity: number): string {
  const [kept, all] = [toQuantity(name, reserved), toQuantity(name, capacity)]
  return `invalid Node Allocatable configuration. Resource ${quote(name)} has a reservation of ${kept} but capacity of ${all}. Expected capacity >= reservation.`
}
