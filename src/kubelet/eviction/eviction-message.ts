import {
  formatQuantity,
  parseQuantity,
  quantityFromNumber,
  quantityValue,
} from "../../apimachinery/quantity.ts"
import { type Shortage, resourceOf } from "./node-pressure.ts"
import type { PodUsage } from "./rank-pods.ts"

export interface EvictionMessage {
  /** Why a pod was evicted, in upstream's words. */
  readonly message: string
  /** The same for programs, on the event. */
  readonly annotations: Readonly<Record<string, string>>
}

interface Offender {
  readonly name: string
  readonly usage: string
  readonly request: string
}

/** Who used more than it asked for is named, where that can be said of single containers: of memory and of disk. */
export function evictionMessage(
  shortage: Pick<Shortage, "signal" | "threshold" | "available">,
  usage: PodUsage,
): EvictionMessage {
  const resource = resourceOf(shortage)
  const available = quantityFromNumber(
    Math.floor(shortage.available),
    resource === "inodes" || resource === "pids" ? "DecimalSI" : "BinarySI",
  )
  const low = [
    `The node was low on resource: ${resource}. `,
    `Threshold quantity: ${formatQuantity(shortage.threshold)}, available: ${formatQuantity(available)}. `,
  ].join("")
  // Of whom nothing was measured nothing is told.
  if (usage.used === undefined) return { message: low, annotations: {} }
  const isOfContainers = resource === "memory" || resource === "ephemeral-storage"
  const pod = resource === "memory" ? offendingPod(usage) : undefined
  const containers = isOfContainers ? offendingContainers(usage, resource) : []
  const blame = (kind: string) => (offender: Offender) =>
    `${kind} ${offender.name} was using ${offender.usage}, request is ${offender.request}, has larger consumption of ${resource}. `
  return {
    message: [low, ...(pod ? [blame("Pod")(pod)] : []), ...containers.map(blame("Container"))].join(""),
    annotations: {
      ...(pod && { offending_pod: pod.name, offending_pod_usage: pod.usage }),
      offending_containers: containers.map(({ name }) => name).join(","),
      offending_containers_usage: containers.map((each) => each.usage).join(","),
      starved_resource: resource,
    },
  }
}

/** A pod that asked for memory as a whole is named with what it uses, be it more or less. */
function offendingPod({ pod, used }: PodUsage): Offender | undefined {
  const request = pod.spec.resources?.requests?.["memory"]
  if (request === undefined || used === undefined) return undefined
  return { name: pod.metadata.name, usage: bytesText(used), request: parseQuantity(request).text }
}

function offendingContainers(
  { pod, containers }: PodUsage,
  resource: "memory" | "ephemeral-storage",
): Offender[] {
  const { containers: main, initContainers = [] } = pod.spec
  return containers.flatMap(({ name, bytes }) => {
    const container = [...main, ...initContainers].find((each) => each.name === name)
    if (!container) return []
    const request = container.resources?.requests?.[resource]
    if (bytes <= (request === undefined ? 0 : quantityValue(request))) return []
    return [
      { name, usage: bytesText(bytes), request: request === undefined ? "0" : parseQuantity(request).text },
    ]
  })
}

function bytesText(bytes: number): string {
  return formatQuantity(quantityFromNumber(Math.floor(bytes), "BinarySI"))
}
