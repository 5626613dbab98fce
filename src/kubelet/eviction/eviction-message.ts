import {
  formatQuantity,
  parseQuantity,
  quantityFromNumber,
  quantityValue,
} from "../../apimachinery/quantity.ts"
import type { Shortage } from "./node-pressure.ts"
import type { PodUsage } from "./rank-pods.ts"

const resources = {
  "memory.available": "memory",
  "nodefs.available": "ephemeral-storage",
  "nodefs.inodesFree": "inodes",
  "imagefs.available": "ephemeral-storage",
  "imagefs.inodesFree": "inodes",
  "pid.available": "pids",
  "allocatableMemory.available": "memory",
  "containerfs.available": "ephemeral-storage",
  "containerfs.inodesFree": "inodes",
} as const

export function resourceOf({ signal }: Pick<Shortage, "signal">): (typeof resources)[keyof typeof resources] {
  return resources[signal]
}

/** Why a pod was evicted, in upstream's words. */
export function evictionMessage(
  shortage: Pick<Shortage, "signal" | "threshold" | "available">,
  { pod, containers }: PodUsage,
): string {
  const resource = resourceOf(shortage)
  const amount = (value: number) => formatQuantity(quantityFromNumber(Math.floor(value), "BinarySI"))
  const sentences = [
    `The node was low on resource: ${resource}.`,
    `Threshold quantity: ${amount(shortage.threshold)}, available: ${amount(shortage.available)}.`,
  ]
  for (const { name, bytes } of containers) {
    const container = pod.spec.containers.find((each) => each.name === name)
    const request = container?.resources?.requests?.[resource]
    if (bytes <= (request === undefined ? 0 : quantityValue(request))) continue
    const asked = request === undefined ? "0" : parseQuantity(request).text
    sentences.push(
      `Container ${name} was using ${amount(bytes)}, request is ${asked}, has larger consumption of ${resource}.`,
    )
  }
  return `${sentences.join(" ")} `
}
