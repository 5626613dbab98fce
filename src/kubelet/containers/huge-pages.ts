import { parseQuantity, type Quantity, quantityValue } from "../../apimachinery/quantity.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import type { HugepageLimit } from "../../container-runtime/cri.ts"

const resourcePrefix = "hugepages-"
const mediumPrefix = "HugePages-"

function isHugePages(resource: string): boolean {
  return resource.startsWith(resourcePrefix)
}

/** Whether a volume's medium is pages, of any size ("HugePages") or of one ("HugePages-1Gi"). */
export function isHugePageMedium(medium: string | undefined): boolean {
  return medium === "HugePages" || medium?.startsWith(mediumPrefix) === true
}

/**
 * How many bytes of each size of pages that the machine has a container may use: none of which it does not ask for. What it
 * says itself counts more than what its pod says as a whole. Pure.
 *
 * @param capacity the machine's
 */
export function hugePageLimits(pod: Pod, container: Container, capacity: ResourceList): HugepageLimit[] {
  const limits: ResourceList = { ...pod.spec.resources?.limits, ...container.resources?.limits }
  return Object.keys(capacity)
    .filter(isHugePages)
    .map((resource) => ({ pageSize: pageSizeText(resource), limit: quantityValue(limits[resource] ?? 0) }))
}

/** Bytes by size as control groups call it ("2MB"), of those `amounts` that are pages. */
export function hugePageSizes(amounts: Readonly<Record<string, number>>): Record<string, number> {
  const pages = Object.entries(amounts).filter(([resource]) => isHugePages(resource))
  return Object.fromEntries(pages.map(([resource, bytes]) => [pageSizeText(resource), bytes]))
}

const units = ["B", "KB", "MB", "GB", "TB", "PB"]

/** As control groups call it: "2MB". */
function pageSizeText(resource: string): string {
  let size = quantityValue(resource.slice(resourcePrefix.length))
  let unit = 0
  for (; size % 1024 === 0 && unit < units.length - 1; unit++) size /= 1024
  return `${size}${units[unit]}`
}

/**
 * The size of the pages that a volume is made of: the one it names, else the only one that its pod asks for. Pure. Throws,
 * in upstream's words, when the pod asks for none such, or for several.
 */
export function pageSizeOfMedium(pod: Pod, medium: string): Quantity {
  const { containers, initContainers = [], resources } = pod.spec
  const requests = [
    resources?.requests,
    ...[...containers, ...initContainers].map((each) => each.resources?.requests),
  ]
  const asked = requests
    .flatMap((each) => Object.keys(each ?? {}))
    .filter(isHugePages)
    .map((resource) => parseQuantity(resource.slice(resourcePrefix.length)))
  const named = medium.startsWith(mediumPrefix) ? parseQuantity(medium.slice(mediumPrefix.length)) : undefined
  const fitting = named ? asked.filter(({ nanos }) => nanos === named.nanos) : asked
  const [size] = fitting
  if (!size)
    throw new Error(
      `medium ${medium}: hugePages storage requested, but there is no resource request for huge pages`,
    )
  if (fitting.some(({ nanos }) => nanos !== size.nanos))
    throw new Error(`medium: ${medium} can't be used if container requests multiple huge page sizes`)
  return size
}
