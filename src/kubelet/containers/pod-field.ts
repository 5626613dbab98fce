import { quote } from "../../base/quote.ts"
import { parseQuantity, quantityValue } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { ResourceFieldSelector } from "../../api/core/v1/downward-api.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"

// The downward API: what a container may be told of its own pod, in variables and in files.

/** What a pod's status does not say yet when its first container starts. */
export interface PodAddresses {
  readonly hostIps: readonly string[]
  readonly podIps: readonly string[]
}

/** The value of a `fieldRef`. Throws for paths that are not supported, in upstream's words. */
export function podField(pod: Pod, fieldPath: string, addresses: PodAddresses): string {
  const { metadata, spec } = pod
  const subscript = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(fieldPath)
  if (subscript) {
    const map = subscript[1] === "metadata.labels" ? metadata.labels : metadata.annotations
    return map?.[subscript[2]!] ?? ""
  }
  switch (fieldPath) {
    case "metadata.name":
      return metadata.name
    case "metadata.namespace":
      return metadata.namespace ?? ""
    case "metadata.uid":
      return metadata.uid
    case "metadata.labels":
      return formatMap(metadata.labels)
    case "metadata.annotations":
      return formatMap(metadata.annotations)
    case "spec.nodeName":
      return spec.nodeName ?? ""
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? ""
    case "status.hostIP":
      return addresses.hostIps[0] ?? ""
    case "status.hostIPs":
      return addresses.hostIps.join(",")
    case "status.podIP":
      return addresses.podIps[0] ?? ""
    case "status.podIPs":
      return addresses.podIps.join(",")
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`)
  }
}

/** `key="value"` a line, sorted: the form in which labels and annotations are written to files. */
function formatMap(map: Readonly<Record<string, string>> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${quote(map[key]!)}`)
    .join("\n")
}

/**
 * The value of a `resourceFieldRef`: an amount divided by the divisor, rounded up. A limit that the container does not set
 * is its pod's, and where that is not set either, all that the node has to give.
 */
export function containerResource(
  pod: Pod,
  container: Container,
  { resource, divisor }: ResourceFieldSelector,
  allocatable: ResourceList,
): string {
  const [part, name] = splitResource(resource)
  const asked = container.resources?.[part]?.[name]
  const amount = part === "limits" && isNothing(asked) ? outerLimit(pod, name, allocatable) : asked
  const by = quantityOrOne(divisor)
  const nanos = parseQuantity(amount ?? 0).nanos
  // Whole units, rounded up: a container with 1500m and divisor 1 is told 2.
  return String((nanos + by - 1n) / by)
}

type Amount = ResourceList[string]

/** Huge pages are never promised twice, so a limit that is not set is none. */
function outerLimit(pod: Pod, name: string, allocatable: ResourceList): Amount | undefined {
  if (name.startsWith("hugepages-")) return undefined
  const ofPod = pod.spec.resources?.limits?.[name]
  return isNothing(ofPod) || allocatable[name] === undefined ? allocatable[name] : ofPod
}

const isNothing = (amount: Amount | undefined): boolean => amount === undefined || quantityValue(amount) === 0

function splitResource(resource: string): ["limits" | "requests", string] {
  const match = /^(limits|requests)\.(.+)$/.exec(resource)
  if (!match) throw new Error(`unsupported container resource : ${resource}`)
  return [match[1] as "limits" | "requests", match[2]!]
}

function quantityOrOne(divisor: Amount | undefined): bigint {
  return divisor === undefined || isNothing(divisor) ? 1_000_000_000n : parseQuantity(divisor).nanos
}
