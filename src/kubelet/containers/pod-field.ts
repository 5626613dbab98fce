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
 * The value of a `resourceFieldRef`: an amount divided by the divisor, rounded up. A limit that is not set is all that the
 * node has to give.
 */
export function containerResource(
  container: Container,
  { resource, divisor }: ResourceFieldSelector,
  allocatable: ResourceList,
): string {
  const [part, name] = splitResource(resource)
  const amount =
    container.resources?.[part]?.[name] ?? (part === "limits" ? allocatable[name] : undefined) ?? 0
  const by = quantityOrOne(divisor)
  const nanos = parseQuantity(amount).nanos
  // Whole units, rounded up: a container with 1500m and divisor 1 is told 2.
  return String((nanos + by - 1n) / by)
}

function splitResource(resource: string): ["limits" | "requests", string] {
  const match = /^(limits|requests)\.(.+)$/.exec(resource)
  if (!match) throw new Error(`unsupported container resource : ${resource}`)
  return [match[1] as "limits" | "requests", match[2]!]
}

function quantityOrOne(divisor: string | number | undefined): bigint {
  if (divisor === undefined || quantityValue(divisor) === 0) return 1_000_000_000n
  return parseQuantity(divisor).nanos
}
